import { createHash, randomBytes } from 'node:crypto';
import type { CellOptions } from '../config.ts';
import type { DataFolder } from './data-folder.ts';
import { CellError } from './errors.ts';

/** Where a cell stands and what its first tenant is called: rows of its database say so, so it is settled at the first start. */
export interface Home {
  readonly region: 'us' | 'eu';
  readonly cell: string;
  readonly slug: string;
}

export const LOCAL_HOME: Home = { region: 'us', cell: 'local', slug: 'local' };

/** @throws CellError `usage` where an option asks for something else than the cell was made with */
export async function keptHome(folder: DataFolder, options: Pick<CellOptions, 'region' | 'cell' | 'slug'>): Promise<Home> {
  const kept = await folder.readKept<Home>('home', ['region', 'cell', 'slug']);
  // A folder of before this file was made as the local one.
  const made = kept ?? (folder.isNew ? undefined : LOCAL_HOME);
  const home = { region: options.region ?? made?.region ?? LOCAL_HOME.region, cell: options.cell ?? made?.cell ?? LOCAL_HOME.cell, slug: options.slug ?? made?.slug ?? LOCAL_HOME.slug };
  for (const name of ['region', 'cell', 'slug'] as const) {
    if (made !== undefined && made[name] !== home[name]) throw new CellError('usage', `This cell was made with --${name} ${made[name]}. Start it with that, or begin anew with --fresh.`);
  }
  if (kept === undefined) await folder.keep('home', home);
  return home;
}

export function homeEnvironment(home: Home): Record<string, string> {
  return { COUNTERSIGN_REGION: home.region, COUNTERSIGN_CELL: home.cell, COUNTERSIGN_TENANT_SLUG: home.slug };
}

/** The key of whoever operates the cell (`cs_cell_...`). The cell itself is given its digest only. */
export async function keptCellKey(folder: DataFolder): Promise<{ readonly cell_key: string; readonly sha256: string }> {
  const kept = await folder.readKept<{ cell_key: string }>('operator', ['cell_key']);
  const cell_key = kept?.cell_key ?? `cs_cell_${randomBytes(32).toString('base64url')}`;
  if (kept === undefined) await folder.keep('operator', { cell_key });
  return { cell_key, sha256: createHash('sha256').update(cell_key).digest('hex') };
}
