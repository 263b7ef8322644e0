import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, chown, constants, lchown, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { POSTGRES_MAJOR } from './binaries.ts';
import { PostgresStartError } from './errors.ts';
import { CHILD_ENV, type Identity } from './identity.ts';

const run = promisify(execFile);

/** The superuser made by initdb. Only the cell's own set-up uses it; the planes have roles of their own. */
export const SUPERUSER = 'postgres';
const STAGING_PREFIX = 'postgres.init-';

/** Where things lie under a cell's data folder. */
export interface DataFolder {
  dataDir: string;
  /** PostgreSQL's own folder. */
  data: string;
  passwordPath: string;
  claimPath: string;
}

/**
 * Makes sure that the folder is there and can be used.
 * @throws PostgresStartError `postgres_data_broken`
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  try {
    await mkdir(path, { recursive: true });
    // The real path, because it is compared with what running servers were started with.
    const dataDir = await realpath(path);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return {
      dataDir,
      data: join(dataDir, 'postgres'),
      passwordPath: join(dataDir, 'postgres.password'),
      claimPath: join(dataDir, 'postgres.supervisor.json'),
    };
  } catch (cause) {
    throw new PostgresStartError(
      'postgres_data_broken',
      `The data folder ${path} cannot be made or opened (${cause instanceof Error ? cause.message : String(cause)}). Give a folder that this user may write to.`,
      { cause },
    );
  }
}

/**
 * Brings the folder to where a server can be started in it, and gives the superuser's password: made by initdb at the
 * first start, checked and handed to the right owner at later ones.
 * @throws PostgresStartError `postgres_data_broken`, `postgres_data_version`, `postgres_data_owner`, `postgres_disk_full`
 */
export async function prepareData(folder: DataFolder, identity: Identity, log: (message: string) => void): Promise<string> {
  await removeUnfinished(folder);
  if (await isAbsentOrEmpty(folder.data)) {
    log(`creating a database in ${folder.data}`);
    return createData(folder, identity);
  }
  await checkVersion(folder);
  await checkOwner(folder, identity);
  await chmod(folder.data, 0o700);
  return readPassword(folder, identity, log);
}

/** What a killed first start leaves. The folder gets its final name only when it is whole, so these hold nothing of value. */
async function removeUnfinished(folder: DataFolder): Promise<void> {
  for (const name of await readdir(folder.dataDir)) {
    if (name.startsWith(STAGING_PREFIX)) await rm(join(folder.dataDir, name), { recursive: true, force: true });
  }
}

async function isAbsentOrEmpty(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return true;
    if (isCode(error, 'EACCES')) throw notOurs(path, error);
    throw broken(path, 'it is not a folder that can be read', error);
  }
}

async function createData(folder: DataFolder, identity: Identity): Promise<string> {
  const staging = await mkdtemp(join(folder.dataDir, STAGING_PREFIX));
  const password = newPassword();
  try {
    const passwordPath = join(staging, 'password');
    await writeFile(passwordPath, password, { mode: 0o600 });
    if (identity.owner) {
      await chown(staging, identity.owner.uid, identity.owner.gid);
      await chown(passwordPath, identity.owner.uid, identity.owner.gid);
    }
    await initdb(identity, join(staging, 'data'), passwordPath);
    await savePassword(folder, password);
    await rename(join(staging, 'data'), folder.data);
    return password;
  } catch (error) {
    throw asStartError(error, folder.data);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function initdb(identity: Identity, data: string, passwordPath: string): Promise<void> {
  const { file, args, uid, gid } = identity.command(identity.binaries.initdb, [
    '-D', data,
    '--username', SUPERUSER,
    '--pwfile', passwordPath,
    '--auth', 'scram-sha-256',
    '--encoding', 'UTF8',
    // PostgreSQL's own collation, so that an index means the same on every machine and every libc.
    '--locale', 'C',
    '--locale-provider', 'builtin',
    '--builtin-locale', 'C.UTF-8',
    '--data-checksums',
    '--set', 'shared_buffers=128MB',
    '--set', 'max_connections=100',
    '--set', 'timezone=UTC',
    '--set', 'log_timezone=UTC',
  ]);
  await run(file, args, { env: CHILD_ENV, cwd: '/', ...(uid === undefined ? {} : { uid, gid }) });
}

async function checkVersion(folder: DataFolder): Promise<void> {
  const version = await readFile(join(folder.data, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (isCode(error, 'EACCES')) throw notOurs(folder.data, error);
    throw broken(folder.data, 'it holds files, but no PG_VERSION', error);
  });
  if (version.trim() !== POSTGRES_MAJOR) {
    throw new PostgresStartError(
      'postgres_data_version',
      `The data in ${folder.data} is of PostgreSQL ${version.trim()}, this Countersign runs PostgreSQL ${POSTGRES_MAJOR}. ` +
        'Take it over with pg_dump and psql of the old version, or start afresh in another data folder.',
    );
  }
}

/** Data made by another way of running (see identity.ts) changes hands; as an ordinary user we cannot do that. */
async function checkOwner(folder: DataFolder, identity: Identity): Promise<void> {
  const { uid } = await stat(folder.data);
  if (identity.owner && uid !== identity.owner.uid) return changeOwner(folder.data, identity.owner);
  if (!identity.owner && uid !== process.getuid?.()) throw notOurs(folder.data);
}

async function changeOwner(path: string, owner: { uid: number; gid: number }): Promise<void> {
  // The folder itself comes last: while it has its old owner, an interrupted change is seen and done again.
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await changeOwner(child, owner);
    else await lchown(child, owner.uid, owner.gid);
  }
  await chown(path, owner.uid, owner.gid);
}

async function readPassword(folder: DataFolder, identity: Identity, log: (message: string) => void): Promise<string> {
  const saved = await readFile(folder.passwordPath, 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return '';
    throw notOurs(folder.passwordPath, error);
  });
  if (saved.trim() !== '') return saved.trim();
  log(`${folder.passwordPath} is missing; setting a new superuser password`);
  return resetPassword(folder, identity);
}

/** Sets a new password through single-user mode, which asks for none: whoever owns the files owns the data. */
async function resetPassword(folder: DataFolder, identity: Identity): Promise<string> {
  const password = newPassword();
  const { file, args, uid, gid } = identity.command(identity.binaries.postgres, ['--single', '-D', folder.data, 'postgres']);
  const command = run(file, args, { env: CHILD_ENV, cwd: '/', ...(uid === undefined ? {} : { uid, gid }) });
  // The password is base64url of our own making: nothing in it needs quoting.
  command.child.stdin?.end(`ALTER ROLE ${SUPERUSER} PASSWORD '${password}'\n`);
  await command.catch((error: unknown) => {
    throw asStartError(error, folder.data);
  });
  await savePassword(folder, password);
  return password;
}

async function savePassword(folder: DataFolder, password: string): Promise<void> {
  const staged = `${folder.passwordPath}.new`;
  await rm(staged, { force: true });
  await writeFile(staged, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  await rename(staged, folder.passwordPath);
}

/** 192 random bits, safe in a URL. */
function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Gives every failure on the way to a running server a code; those that have one keep it. */
export function asStartError(error: unknown, data: string): PostgresStartError {
  if (error instanceof PostgresStartError) return error;
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  const text = stderr || (error instanceof Error ? error.message : String(error));
  if (isDiskFull(text) || isCode(error, 'ENOSPC')) return diskFull(data, text);
  if (isCode(error, 'EBUSY')) return broken(data, 'it is a mount point; mount the folder above it instead', error);
  return new PostgresStartError('postgres_start_failed', `A database could not be prepared in ${data}: ${text.trim()}`, { cause: error, serverLog: stderr });
}

export function isDiskFull(text: string): boolean {
  return text.includes('No space left on device');
}

export function diskFull(data: string, serverLog: string): PostgresStartError {
  return new PostgresStartError('postgres_disk_full', `There is no space left on the disk that holds ${data}. Free some and start again; nothing is lost.`, { serverLog });
}

export function broken(data: string, why: string, cause?: unknown, serverLog = ''): PostgresStartError {
  return new PostgresStartError(
    'postgres_data_broken',
    `The database folder ${data} is broken: ${why}. Put a backup of it back, or move it away (or start with --fresh) to begin anew.`,
    { cause, serverLog },
  );
}

function notOurs(path: string, cause?: unknown): PostgresStartError {
  return new PostgresStartError(
    'postgres_data_owner',
    `${path} belongs to another user. Start Countersign as the user who started it first, or give the data folder to this user (chown -R).`,
    { cause },
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
