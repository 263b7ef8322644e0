import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CellSettings } from '@countersign/control-plane/tenant-move/cell-end.ts';
import { runningCell } from '../cell/data-folder.ts';
import { CellError } from '../cell/errors.ts';

/**
 * How a cell is reached: the data folder of a local cell that runs, or a file of JSON that says it (docs/runbooks/move-a-tenant.md).
 * @throws CellError `usage`, naming what is missing
 */
export async function cellSettingsOf(place: string): Promise<CellSettings> {
  const found = await stat(place).catch(() => null);
  if (found === null) throw new CellError('usage', `${place} is neither a data folder nor a file.`);
  return found.isDirectory() ? ofDataFolder(place) : ofFile(place);
}

async function ofDataFolder(folder: string): Promise<CellSettings> {
  const cell = await runningCell(path.resolve(folder));
  if (cell === undefined) throw new CellError('cell_not_running', `No cell runs on ${folder}. Both cells must run: the one seals its audit to the end.`);
  const url = new URL(cell.control_database_url);
  [url.username, url.password] = ['postgres', (await readFile(path.join(folder, 'postgres.password'), 'utf8')).trim()];
  return { cell: cell.cell, region: cell.region, adminUrl: url.href, keys: cell.keys, objects: cell.objects };
}

async function ofFile(file: string): Promise<CellSettings> {
  const value = JSON.parse(await readFile(file, 'utf8')) as Partial<CellSettings>;
  for (const field of ['cell', 'region', 'adminUrl', 'keys', 'objects'] as const) if (value[field] === undefined) throw new CellError('usage', `${file} lacks ${field}.`);
  return value as CellSettings;
}
