import { parseArgs } from 'node:util';
import path from 'node:path';
import { newSignInUrl } from './cell/bootstrap.ts';
import { runningCell } from './cell/data-folder.ts';
import { CellError, endOf } from './cell/errors.ts';
import { DEFAULTS, environmentText } from './config.ts';

/** `npm run sign-in`: a new one-time link for the cell that runs. */
try {
  const dataDir = dataFolderOf(process.argv.slice(2));
  const cell = await runningCell(dataDir);
  if (cell === undefined) throw new CellError('cell_not_running', `No cell runs on ${dataDir}. Start one with npm start.`);
  process.stdout.write(`${await newSignInUrl({ controlDatabaseUrl: cell.control_database_url, publicUrl: cell.url, home: cell })}\n`);
} catch (error) {
  const end = endOf(error);
  if (end === undefined) throw error;
  process.stderr.write(`${end.message}\n`);
  process.exitCode = end.exitCode;
}

function dataFolderOf(args: string[]): string {
  try {
    const { values } = parseArgs({ args, options: { 'data-dir': { type: 'string' } } });
    return path.resolve(values['data-dir'] ?? environmentText('COUNTERSIGN_DATA_DIR') ?? DEFAULTS.dataDir);
  } catch (cause) {
    throw new CellError('usage', `${(cause as Error).message}\n\nUsage: npm run sign-in -- [--data-dir DIR]`, { cause });
  }
}
