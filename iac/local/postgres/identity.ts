import { execFile } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binariesAt, type Binaries } from './binaries.ts';
import { PostgresStartError } from './errors.ts';

const run = promisify(execFile);

/**
 * How PostgreSQL is run. It refuses to be uid 0, so root needs one of three other ways:
 * - `self`: the supervisor is not root; PostgreSQL is the same user.
 * - `account`: as an unprivileged account of the machine. Least power, but the account must be able to reach the folders.
 * - `namespace`: in a user namespace that shows root as that account. Works under a 0700 folder of root; needs namespaces.
 * - `capability`: as the account, holding CAP_DAC_OVERRIDE and nothing else. Works in containers that forbid namespaces.
 */
export type IdentityKind = 'self' | 'account' | 'namespace' | 'capability';

export interface Identity {
  kind: IdentityKind;
  /** Who owns the files PostgreSQL writes, as seen by the supervisor. Undefined where files need no change of owner. */
  owner: { uid: number; gid: number } | undefined;
  /** The programs to run: a reachable copy where the installed ones cannot be reached by the account. */
  binaries: Binaries;
  /** What to spawn in order to run `program` as this identity. The process keeps the pid it is spawned with. */
  command(program: string, args: readonly string[]): SpawnCommand;
}

export interface SpawnCommand {
  file: string;
  args: string[];
  uid?: number;
  gid?: number;
}

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** PostgreSQL gets nothing of the supervisor's environment: no PG* variable may redirect it, no secret may reach it. */
export const CHILD_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' } as const;

const ROOT_KINDS: readonly IdentityKind[] = ['account', 'namespace', 'capability'];
const PREFERRED_ACCOUNTS = ['postgres', 'nobody'];
/** Owned by root on every Linux, so that nobody else can put programs there for us to run. */
const COPIES_FOLDER = '/var/lib/countersign';

/**
 * Picks the first way of running PostgreSQL that is proven to work here: each candidate has to execute the real binary
 * and write into the real data folder.
 * @param kinds restricts the candidates when the supervisor is root (tests go through all of them)
 * @throws PostgresStartError `postgres_no_unprivileged_user`
 */
export async function chooseIdentity(
  binaries: Binaries,
  dataDir: string,
  kinds: readonly IdentityKind[] = ROOT_KINDS,
): Promise<Identity> {
  if (process.getuid?.() !== 0) return selfIdentity(binaries);
  const account = await findAccount();
  const refusals: string[] = [];
  for (const kind of kinds) {
    const refusal = await attempt(kind, account, binaries, dataDir);
    if (typeof refusal !== 'string') return refusal;
    refusals.push(`${kind}: ${refusal}`);
  }
  throw new PostgresStartError(
    'postgres_no_unprivileged_user',
    `PostgreSQL refuses to run as root, and no other way works for ${dataDir} (${refusals.join('; ')}). ` +
      'Start Countersign as an ordinary user, or put the checkout and its data folder where the account ' +
      `"${account?.name ?? 'nobody'}" may reach them (for example under /srv), or allow user namespaces.`,
  );
}

function selfIdentity(binaries: Binaries): Identity {
  return { kind: 'self', owner: undefined, binaries, command: (file, args) => ({ file, args: [...args] }) };
}

async function attempt(
  kind: IdentityKind,
  account: Account | undefined,
  binaries: Binaries,
  dataDir: string,
): Promise<Identity | string> {
  if (account === undefined) return 'no unprivileged account in /etc/passwd';
  try {
    const identity = await rootIdentity(kind, account, binaries);
    await probe(identity, dataDir);
    return identity;
  } catch (error) {
    return firstLine(error);
  }
}

async function rootIdentity(kind: IdentityKind, account: Account, binaries: Binaries): Promise<Identity> {
  const { uid, gid } = account;
  if (kind === 'account') {
    return { kind, owner: { uid, gid }, binaries, command: (file, args) => ({ file, args: [...args], uid, gid }) };
  }
  if (kind === 'namespace') {
    const prefix = ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
    return { kind, owner: { uid: 0, gid: 0 }, binaries, command: (file, args) => ({ file: 'unshare', args: [...prefix, file, ...args] }) };
  }
  const prefix = [
    `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups',
    '--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override', '--bounding-set=-all,+dac_override', '--no-new-privs', '--',
  ];
  return {
    kind,
    owner: { uid, gid },
    // access(2) ignores ambient capabilities, and PostgreSQL checks its own path with it: the programs must be reachable plainly.
    binaries: await reachableCopy(binaries),
    command: (file, args) => ({ file: 'setpriv', args: [...prefix, file, ...args] }),
  };
}

/** Runs the real server binary once and writes a file where the data will be. */
async function probe(identity: Identity, dataDir: string): Promise<void> {
  const folder = await mkdtemp(join(dataDir, 'probe-'));
  try {
    if (identity.owner) await chown(folder, identity.owner.uid, identity.owner.gid);
    // Paths travel as arguments, never inside the script.
    const script = 'cd / && "$1" --version && : > "$2"';
    const { file, args, uid, gid } = identity.command('/bin/sh', ['-c', script, 'sh', identity.binaries.postgres, join(folder, 'written')]);
    await run(file, args, { env: CHILD_ENV, cwd: '/', timeout: 20_000, ...(uid === undefined ? {} : { uid, gid }) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** initdb looks its own user up by name, so the account has to be one that /etc/passwd knows. */
async function findAccount(): Promise<Account | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return pickAccount(passwd);
}

/** Chooses from the text of /etc/passwd: `postgres`, else `nobody`. Never an account with uid or gid 0. */
export function pickAccount(passwd: string): Account | undefined {
  const accounts = passwd.split('\n').map(parseAccount).filter((account) => account !== undefined);
  for (const name of PREFERRED_ACCOUNTS) {
    const found = accounts.find((account) => account.name === name);
    if (found) return found;
  }
  return undefined;
}

function parseAccount(line: string): Account | undefined {
  const [name, , uidText, gidText] = line.split(':');
  const [uid, gid] = [Number(uidText), Number(gidText)];
  if (!name || !Number.isInteger(uid) || !Number.isInteger(gid) || uid <= 0 || gid <= 0) return undefined;
  return { name, uid, gid };
}

async function reachableCopy(binaries: Binaries): Promise<Binaries> {
  const root = join(COPIES_FOLDER, `postgresql-${binaries.packageVersion}-${process.arch}`);
  if (!(await isRootOwned(root))) {
    await mkdir(COPIES_FOLDER, { recursive: true, mode: 0o755 });
    // Copied aside and renamed, so that a copy under the final name is always a whole one.
    const staging = await mkdtemp(join(COPIES_FOLDER, 'copy-'));
    await cp(binaries.root, join(staging, 'native'), { recursive: true, verbatimSymlinks: true });
    await chmod(join(staging, 'native'), 0o755);
    await rename(join(staging, 'native'), root).catch((error: unknown) => ignoreExisting(error));
    await rm(staging, { recursive: true, force: true });
  }
  return binariesAt(root, binaries.packageVersion);
}

async function isRootOwned(path: string): Promise<boolean> {
  return stat(path).then((info) => info.isDirectory() && info.uid === 0, () => false);
}

/** Another start may have put the same copy there at the same moment. */
function ignoreExisting(error: unknown): void {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST')) return;
  throw error;
}

function firstLine(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  const text = stderr || (error instanceof Error ? error.message : String(error));
  return text.split('\n')[0] ?? text;
}
