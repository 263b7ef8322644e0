import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { KeySettings } from '@countersign/platform/keys/settings.ts';
import type { ObjectsSettings } from '@countersign/platform/objects/settings.ts';
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
  /** Where agents dial. */
  readonly agent_url: string;
  readonly control_database_url: string;
  /** How the tenant's keys are unwrapped, and where objects are: for commands that reach past the cell's processes. */
  readonly keys: KeySettings;
  readonly objects: ObjectsSettings;
  readonly api_key: string;
  readonly region: 'us' | 'eu';
  readonly cell: string;
  readonly slug: string;
  readonly cell_key: string;
  readonly sandbox_admin_password: string;
  readonly processes: Readonly<Record<string, number>>;
}

export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  readonly objects: string;
  readonly sandbox: string;
  /** Where the stand-in for AWS keeps what it is given. */
  readonly aws: string;
  /** Of the witness beside the cell. */
  readonly witness: string;
  readonly keyFile: string;
  /** Of the authority that agents know the cell by. */
  readonly agentAuthority: string;
  /** Releases of the agent, by their SHA-256: whoever tries an upgrade puts them there. */
  readonly agentReleases: string;
  readonly secrets: CellSecrets;
  /** No database has been made in it yet. */
  readonly isNew: boolean;
  /** Lets another start go ahead. */
  release(): Promise<void>;
  writeState(state: CellState): Promise<void>;
  /** What was kept under `name`, with at least these fields. */
  readKept<T>(name: string, fields: ReadonlyArray<keyof T & string>): Promise<T | undefined>;
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
    await checkLayout(folder);
    const isNew = !(await exists(path.join(folder, 'postgres')));
    for (const name of ['logs', 'objects', 'sandbox', 'keys', 'aws', 'witness', 'agent-releases']) await mkdir(path.join(folder, name), { recursive: true, mode: 0o700 });
    return {
      path: folder, isNew, release,
      logs: path.join(folder, 'logs'), objects: path.join(folder, 'objects'), sandbox: path.join(folder, 'sandbox'), aws: path.join(folder, 'aws'), witness: path.join(folder, 'witness'), keyFile: path.join(folder, 'keys', 'root.key'), agentAuthority: path.join(folder, 'keys'),
      agentReleases: path.join(folder, 'agent-releases'),
      secrets: await readOrMakeSecrets(folder, isNew),
      writeState: (state) => writePrivately(path.join(folder, 'cell.json'), state),
      readKept: <T>(name: string, fields: ReadonlyArray<keyof T & string>) => readJson<T>(path.join(folder, `${name}.json`), fields),
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
  const state = await readJson<CellState>(path.join(folder, 'cell.json'), ['pid', 'url']);
  return state?.pid === owner ? state : undefined;
}

/** @throws CellError `already_running`, with the pid and the address of the cell that has the folder */
export async function refuseRunning(folder: string): Promise<void> {
  const owner = await ownerOf(path.join(folder, 'cell.lock'));
  if (owner === undefined) return;
  const state = await readJson<CellState>(path.join(folder, 'cell.json'), ['pid', 'url']).catch(() => undefined);
  throw new CellError('already_running', `A cell already runs on ${folder} (pid ${owner}${state?.pid === owner ? `, ${state.url}` : ''}). Stop it with Ctrl-C or \`kill ${owner}\`, or start another with --data-dir and other ports.`);
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
    await refuseRunning(folder);
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

/** What a cell puts into its data folder, and what `--fresh` therefore takes out of it. */
const OURS = [
  'postgres', 'postgres.password', 'objects', 'sandbox', 'keys', 'aws', 'witness', 'logs', 'demo-evidence', 'secrets.json', 'cell.json', 'seed.json', 'ports.json', 'agent-port.json', 'agent-authority.json', 'publisher.json', 'home.json', 'operator.json', 'aws.json', 'witness.json', 'oidc.json', 'layout.json',
] as const;

/** Empties a data folder of ours. One without a layout may be anybody's, whose `logs` or `keys` are not ours to remove. */
async function empty(folder: string): Promise<void> {
  const present = (await readdir(folder)).filter((name) => (OURS as readonly string[]).includes(name));
  if (present.length > 0 && !present.includes('layout.json')) {
    throw new CellError('data_folder_broken', `${folder} holds ${present.join(', ')} but no layout.json, so it may not be a data folder of Countersign. Empty it yourself, or name another with --data-dir.`);
  }
  // The layout goes last: while it is there, an interrupted emptying can be done again.
  for (const name of OURS) await rm(path.join(folder, name), { recursive: true, force: true });
}

async function checkLayout(folder: string): Promise<void> {
  const file = path.join(folder, 'layout.json');
  const layout = await readJson<{ layout: number }>(file, ['layout']);
  if (layout === undefined) return writePrivately(file, { layout: LAYOUT });
  if (layout.layout > LAYOUT) throw new CellError('data_folder_newer', `The data folder ${folder} was written by a newer Countersign. Use that, or begin anew with --fresh.`);
}

/** The database and the sandbox know these secrets, so once there is a database they are never made up anew. */
async function readOrMakeSecrets(folder: string, isNew: boolean): Promise<CellSecrets> {
  const file = path.join(folder, 'secrets.json');
  const kept = await readJson<CellSecrets>(file, ['control_password', 'execution_password', 'webhook_secret', 'sandbox_integration_password', 'sandbox_admin_password']);
  if (kept !== undefined) return kept;
  if (!isNew) throw new CellError('data_folder_broken', `${file} is missing. ${RESTORE}`);
  const password = (): string => randomBytes(24).toString('base64url');
  const secrets: CellSecrets = {
    control_password: password(), execution_password: password(), webhook_secret: `whsec_${randomBytes(32).toString('base64')}`,
    sandbox_integration_password: password(), sandbox_admin_password: password(),
  };
  await writePrivately(file, secrets);
  return secrets;
}

const RESTORE = 'Restore it from your backup, or begin anew with --fresh (everything in the data folder is lost).';

/** @returns undefined when there is no such file. @throws CellError `data_folder_broken` when it is unreadable, no JSON, or lacks a field */
async function readJson<T>(file: string, fields: ReadonlyArray<keyof T & string>): Promise<T | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CellError('data_folder_broken', `${file} cannot be read: ${error.message}.`, { cause: error });
  });
  if (text === undefined) return undefined;
  const value = parsed(text);
  const lacks = typeof value === 'object' && value !== null ? fields.find((field) => !(field in value)) : '';
  if (lacks === undefined) return value as T;
  throw new CellError('data_folder_broken', `${file} is damaged${lacks === '' ? '' : ` (${lacks} is missing)`}. ${RESTORE}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(() => true, () => false);
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
