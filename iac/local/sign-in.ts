import { parseArgs } from 'node:util';
import path from 'node:path';
import { newSignInUrl } from './cell/bootstrap.ts';
import { runningCell } from './cell/data-folder.ts';
import { CellError } from './cell/errors.ts';
import { DEFAULTS } from './config.ts';

/** `npm run sign-in`: a new one-time link for the cell that runs. */
try {
  const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } });
  const dataDir = path.resolve(values['data-dir'] ?? DEFAULTS.dataDir);
  const cell = await runningCell(dataDir);
  if (cell === undefined) throw new CellError('cell_not_running', `No cell runs on ${dataDir}. Start one with npm start.`);
  process.stdout.write(`${await newSignInUrl({ controlDatabaseUrl: cell.control_database_url, keyFile: cell.key_file, publicUrl: cell.url })}\n`);
} catch (error) {
  if (!(error instanceof CellError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
