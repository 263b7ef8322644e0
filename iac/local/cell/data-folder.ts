import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CellError } from './errors.ts';

/** Version of what lies in the data folder. Raised when an older folder could not be used any more. */
const LAYOUT = 1;

/** Made at the first start, kept for ever (mode 0600). */
export interface CellSecrets {
  readonly control_password: string;
  readonly execution_password: string;
  readonly webhook_secret: string;
  readonly sandbox_integration_password: string;
  readonly sandbox_admin_password: string;
}

/** What a running cell tells other commands (`npm run demo`, `npm run sign-in`). Mode 0600: it names an API key. */
export interface CellState {
  readonly pid: number;
  readonly url: string;
  readonly sandbox_url: string;
  readonly control_database_url: string;
  readonly key_file: string;
  readonly api_key: string;
  readonly sandbox_admin_password: string;
  readonly processes: Readonly<Record<string, number>>;
}

export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  readonly objects: string;
  readonly sandbox: string;
  readonly keyFile: string;
  readonly secrets: CellSecrets;
  readonly isNew: boolean;
  /** Lets another start go ahead. */
  release(): Promise<void>;
  writeState(state: CellState): Promise<void>;
  readKept<T>(name: string): Promise<T | undefined>;
  keep(name: string, value: unknown): Promise<void>;
}

/**
 * Opens the data folder for this process alone, and makes it when it is missing.
 * @throws CellError `already_running`, `data_folder_broken`, `data_folder_newer`
 */
export async function openDataFolder(folder: string, options: { fresh: boolean }): Promise<DataFolder> {
  await makeFolder(folder);
  const release = await claim(folder);
  try {
    if (options.fresh) await empty(folder);
    const isNew = await checkLayout(folder);
    for (const name of ['logs', 'objects', 'sandbox', 'keys']) await mkdir(path.join(folder, name), { recursive: true, mode: 0o700 });
    return {
      path: folder, isNew, release,
      logs: path.join(folder, 'logs'), objects: path.join(folder, 'objects'), sandbox: path.join(folder, 'sandbox'), keyFile: path.join(folder, 'keys', 'root.key'),
      secrets: await readOrMakeSecrets(folder),
      writeState: (state) => writePrivately(path.join(folder, 'cell.json'), state),
      readKept: <T>(name: string) => readJson<T>(path.join(folder, `${name}.json`)),
      keep: (name, value) => writePrivately(path.join(folder, `${name}.json`), value),
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The state of the cell that runs on `folder`, or undefined when none does. */
export async function runningCell(folder: string): Promise<CellState | undefined> {
  const owner = await ownerOf(path.join(folder, 'cell.lock'));
  if (owner === undefined) return undefined;
  const state = await readJson<CellState>(path.join(folder, 'cell.json'));
  return state?.pid === owner ? state : undefined;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!(await stat(folder)).isDirectory()) throw new Error('it is not a folder');
    const probe = path.join(folder, `.write-${process.pid}`);
    await writeFile(probe, '');
    await unlink(probe);
  } catch (cause) {
    throw new CellError('data_folder_broken', `The data folder ${folder} cannot be used: ${(cause as Error).message}. Name another with --data-dir.`, { cause });
  }
}

/** One lock file with the owner's pid and start time, so that a pid used again after a crash is not taken for a running cell. */
async function claim(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, 'cell.lock');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined;
      throw error;
    });
    if (handle !== undefined) {
      await handle.writeFile(`${process.pid} ${await startTimeOf(process.pid)}\n`);
      await handle.close();
      return () => rm(file, { force: true });
    }
    const owner = await ownerOf(file);
    if (owner !== undefined) {
      const state = await readJson<CellState>(path.join(folder, 'cell.json'));
      throw new CellError('already_running', `A cell already runs on ${folder} (pid ${owner}${state?.pid === owner ? `, ${state.url}` : ''}). Stop it with Ctrl-C or \`kill ${owner}\`, or start another with --data-dir and other ports.`);
    }
    await rm(file, { force: true }); // its owner died
  }
  throw new CellError('already_running', `Another start is under way on ${folder}.`);
}

async function ownerOf(lockFile: string): Promise<number | undefined> {
  const text = await readFile(lockFile, 'utf8').catch(() => '');
  const [pid, startTime] = text.trim().split(' ');
  if (!pid || !startTime) return undefined;
  return (await startTimeOf(Number(pid))) === startTime ? Number(pid) : undefined;
}

/** Field 22 of /proc/<pid>/stat (proc(5)): clock ticks since boot at which the process began; '' when there is no such process. */
async function startTimeOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function empty(folder: string): Promise<void> {
  for (const name of ['postgres', 'objects', 'sandbox', 'keys', 'logs', 'secrets.json', 'cell.json', 'seed.json', 'layout.json']) {
    await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

async function checkLayout(folder: string): Promise<boolean> {
  const file = path.join(folder, 'layout.json');
  const layout = await readJson<{ layout: number }>(file);
  if (layout === undefined) {
    await writePrivately(file, { layout: LAYOUT });
    return true;
  }
  if (layout.layout > LAYOUT) throw new CellError('data_folder_newer', `The data folder ${folder} was written by a newer Countersign. Use that, or begin anew with --fresh.`);
  return false;
}

async function readOrMakeSecrets(folder: string): Promise<CellSecrets> {
  const file = path.join(folder, 'secrets.json');
  const kept = await readJson<CellSecrets>(file);
  if (kept !== undefined) return kept;
  const password = (): string => randomBytes(24).toString('base64url');
  const secrets: CellSecrets = {
    control_password: password(), execution_password: password(), webhook_secret: `whsec_${randomBytes(32).toString('base64')}`,
    sandbox_integration_password: password(), sandbox_admin_password: password(),
  };
  await writePrivately(file, secrets);
  return secrets;
}

async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CellError('data_folder_broken', `${file} cannot be read: ${error.message}.`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new CellError('data_folder_broken', `${file} is damaged. Restore it from your backup, or begin anew with --fresh (everything in the data folder is lost).`, { cause });
  }
}

/** Whole or not at all, and readable by its owner only. */
async function writePrivately(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${process.pid}.part`;
  const handle = await open(temporary, 'w', 0o600);
  await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
  await handle.sync();
  await handle.close();
  await rename(temporary, file);
}
