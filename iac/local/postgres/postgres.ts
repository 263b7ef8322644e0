import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { locateBinaries } from './binaries.ts';
import { claimFolder } from './claim.ts';
import { asStartError, openDataFolder, prepareData, SUPERUSER, type DataFolder } from './data-folder.ts';
import { PostgresStartError } from './errors.ts';
import { CHILD_ENV, chooseIdentity, type Identity, type IdentityKind } from './identity.ts';
import { findPort, HOST } from './port.ts';
import { readPostmasterFile, stopOrphan, stopPostmaster } from './postmaster.ts';
import { findProcess } from './process-table.ts';
import { isLeftoverMemory, ServerLog, startFailure } from './server-log.ts';
import { tether } from './tether.ts';

/** A server that must replay much of its log takes longer; one that takes longer than this is stuck. */
const READY_TIMEOUT_MS = 120_000;
const READY_POLL_MS = 10;
/** Backends of a killed postmaster notice within moments; until then they hold the folder. */
const LEFTOVER_RETRIES = 40;
const LEFTOVER_RETRY_MS = 250;
/** Another program can take a port between our finding it free and PostgreSQL's binding it. */
const FREE_PORT_RETRIES = 5;

export interface StartPostgresOptions {
  /** The cell's data folder; the database lies in `<dataDir>/postgres`. Made when absent. */
  dataDir: string;
  /** Port on 127.0.0.1. 0 or absent takes any that is free. */
  port?: number;
  /** Server settings for this start only, over those of postgresql.conf (the tests turn fsync off). */
  settings?: Readonly<Record<string, string>>;
  /** Receives progress lines for a person. */
  log: (message: string) => void;
  /** Leaves the server running when this process is killed, until the next start stops it. For tests of just that. */
  outlivesSupervisor?: boolean;
  /** Restricts the ways of running as root (see identity.ts). For tests. */
  identities?: readonly IdentityKind[];
}

export interface ExitInfo {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** True when `stop()` was called before the server ended. */
  expected: boolean;
}

export interface RunningPostgres {
  host: string;
  port: number;
  /** Superuser URL of the database `postgres`, password included. */
  adminUrl: string;
  password: string;
  pid: number;
  identity: IdentityKind;
  /** Settles when the server ends, however it ends. Never rejects. */
  exited: Promise<ExitInfo>;
  /** Fast shutdown, within 5 s; harder when that does not help. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL as a child of this process, as root or not, and resolves when it takes connections.
 * A server left behind by a killed supervisor is shut down first; no other PostgreSQL of the machine is touched.
 * @throws PostgresStartError
 */
export async function startPostgres(options: StartPostgresOptions): Promise<RunningPostgres> {
  const binaries = await locateBinaries();
  const folder = await openDataFolder(resolve(options.dataDir));
  const releaseClaim = await claimFolder(folder.claimPath, folder.dataDir);
  try {
    await stopOrphan(folder.data, options.log);
    await findPort(options.port ?? 0); // Before the work of initdb, so that a taken port is told at once.
    const identity = await chooseIdentity(binaries, folder.dataDir, options.identities);
    const password = await prepareData(folder, identity, options.log);
    const prefix = options.outlivesSupervisor === true ? [] : await tether();
    const plan = { folder, identity, prefix, settings: options.settings ?? {} };
    const { child, port } = await launchUntilReady(plan, options.port ?? 0);
    return supervise(child, { port, password, identity, releaseClaim });
  } catch (error) {
    await releaseClaim();
    throw asStartError(error, folder.data);
  }
}

interface LaunchPlan {
  folder: DataFolder;
  identity: Identity;
  /** See tether.ts. */
  prefix: readonly string[];
  settings: Readonly<Record<string, string>>;
}

/** Starts the server, again where what stood in the way passes by itself. */
async function launchUntilReady(plan: LaunchPlan, wantedPort: number): Promise<{ child: ChildProcess; port: number }> {
  let portRetries = wantedPort === 0 ? FREE_PORT_RETRIES : 0;
  let leftoverRetries = LEFTOVER_RETRIES;
  for (;;) {
    const port = await findPort(wantedPort);
    const outcome = await launch(plan, port);
    if ('child' in outcome) return { child: outcome.child, port };
    const failure = startFailure(outcome.serverLog, plan.folder.data, port);
    if (failure.code === 'postgres_port_taken' && portRetries-- > 0) continue;
    if (!isLeftoverMemory(outcome.serverLog) || leftoverRetries-- <= 0) throw failure;
    await delay(LEFTOVER_RETRY_MS);
  }
}

async function launch({ folder, identity, prefix, settings }: LaunchPlan, port: number): Promise<{ child: ChildProcess } | { serverLog: string }> {
  const serverLog = await ServerLog.watch(folder.data);
  const [program, ...programArgs] = [...prefix, identity.binaries.postgres, ...serverArguments(folder.data, port, settings)];
  const { file, args, uid, gid } = identity.command(program ?? '', programArgs);
  const child = spawn(file, args, {
    env: CHILD_ENV,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C in the terminal must reach the supervisor alone, which stops the database last.
    detached: true,
    ...(uid === undefined ? {} : { uid, gid }),
  });
  serverLog.readFrom(child);
  if (await becomesReady(child, folder.data)) return { child };
  return { serverLog: await serverLog.text() };
}

/** Settings that belong to this start. Everything else is in postgresql.conf, where an operator may tune it. */
function serverArguments(data: string, port: number, extra: Readonly<Record<string, string>>): string[] {
  const settings = {
    ...extra,
    listen_addresses: HOST,
    port: String(port),
    // No socket file: its path is limited to 107 bytes, and checkouts may lie deeper than that.
    unix_socket_directories: '',
    logging_collector: 'on',
    log_directory: 'log',
    // One file per weekday, each overwritten a week later.
    log_filename: 'postgresql-%a.log',
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
  };
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** True when the server takes connections, false when it ended or did not get there. PostgreSQL writes its state into postmaster.pid. */
async function becomesReady(child: ChildProcess, data: string): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!hasEnded(child) && Date.now() < deadline) {
    const file = await readPostmasterFile(data);
    if (file?.pid === child.pid && file?.status === 'ready') return true;
    await delay(READY_POLL_MS);
  }
  await stopChild(child);
  return false;
}

interface Supervision {
  port: number;
  password: string;
  identity: Identity;
  releaseClaim: () => Promise<void>;
}

function supervise(child: ChildProcess, { port, password, identity, releaseClaim }: Supervision): RunningPostgres {
  let stopping: Promise<void> | undefined;
  const exited = new Promise<ExitInfo>((settle) => {
    const report = (code: number | null, signal: NodeJS.Signals | null): void => {
      const info = { code, signal, expected: stopping !== undefined };
      void releaseClaim().catch(() => undefined).then(() => settle(info));
    };
    // It may have ended between being ready and our listening.
    if (hasEnded(child)) report(child.exitCode, child.signalCode);
    else child.once('exit', report);
  });
  const stop = async (): Promise<void> => {
    stopping ??= stopChild(child);
    await stopping;
    await exited;
  };
  return {
    host: HOST,
    port,
    adminUrl: `postgres://${SUPERUSER}:${encodeURIComponent(password)}@${HOST}:${port}/postgres`,
    password,
    pid: pidOf(child),
    identity: identity.kind,
    exited,
    stop,
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const info = await findProcess(pidOf(child));
  if (info) await stopPostmaster(info);
}

/** A child without a pid was never born (its program could not be run). */
function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new PostgresStartError('postgres_start_failed', 'PostgreSQL was not spawned.');
  return child.pid;
}
