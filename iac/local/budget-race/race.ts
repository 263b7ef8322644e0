import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { compareUsd, isZero, timesQuantity } from '@countersign/connectors/gateway/usd.ts';
import { legalTransitionRows } from '@countersign/contracts/states/legal-pairs.ts';
import { seedWorkspace, setLimits } from '@countersign/execution-plane/testing/budget-queries.ts';
import { leasedCall } from '@countersign/execution-plane/testing/leased-call.ts';
import { seedPlace, seedTenant } from '@countersign/execution-plane/testing/queries.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { migrate } from '@countersign/platform/postgres/migrate.ts';
import { ensureDatabase, setPasswords } from '../cell/repository-provisioning.ts';
import { baseEnvironment, ROOT } from '../config.ts';
import { startPostgres } from '../postgres/postgres.ts';
import { METER, UNITS_PER_CALL } from './metered-connector.ts';
import type { RaceOrder, RaceReport } from './racer.ts';
import { insertPrice, readBooks } from './repository-race.ts';
import type { Books } from './repository-race.ts';

export interface RaceOptions {
  readonly callers: number;
  /** For how many of them the budget has room. */
  readonly room: number;
  readonly processes: number;
}

export interface RaceFigures {
  readonly callers: number;
  readonly processes: number;
  readonly room: number;
  readonly admitted: number;
  readonly refused: number;
  /** Calls that ended in any other way: there should be none. */
  readonly otherwise: number;
  readonly limit_usd: string;
  readonly asked_usd: string;
  readonly spent_usd: string;
  readonly reserved_usd: string;
  readonly cost_lines_usd: string;
  readonly overspend_usd: string;
  /** The same race in a workspace without a limit. */
  readonly without_limit_admitted: number;
  readonly without_limit_spent_usd: string;
  readonly took_ms: number;
}

const USD_PER_UNIT = '0.001';
const PASSWORD = 'for this race on this machine only';
const REFUSALS: readonly string[] = ['budget_exceeded', 'budget_reserved'];

/** Nothing overspent or left over, exactly as many admitted as there was room for, and the control shows that they would have overspent. */
export function holds(figures: RaceFigures): boolean {
  return isZero(figures.overspend_usd) && isZero(figures.reserved_usd) && figures.admitted === figures.room && figures.refused === figures.callers - figures.room
    && compareUsd(figures.spent_usd, figures.cost_lines_usd) === 0 && compareUsd(figures.without_limit_spent_usd, figures.limit_usd) > 0;
}

/** Runs the race on a PostgreSQL of its own, which is thrown away afterwards. */
export async function raceForBudget(options: RaceOptions): Promise<RaceFigures> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'countersign-budget-race-'));
  await chmod(scratch, 0o755);
  const server = await startPostgres({ dataDir: scratch, log: () => undefined, settings: { max_connections: '400' } });
  try {
    return await race(options, scratch, server.adminUrl);
  } finally {
    await server.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function race({ callers, room, processes }: RaceOptions, scratch: string, adminUrl: string): Promise<RaceFigures> {
  const urls = await provision(adminUrl);
  const keyFile = path.join(scratch, 'key');
  await FileKeys.open(keyFile, { create: true });
  const control = new Database({ url: urls.control, applicationName: 'budget race' });
  const execution = new Database({ url: urls.execution, applicationName: 'budget race' });
  try {
    const track = new Track(control, execution, { databaseUrl: urls.execution, keyFile });
    await track.lay();
    const limit = timesQuantity(USD_PER_UNIT, UNITS_PER_CALL * room);
    const guarded = await track.run(limit, callers, processes);
    const free = await track.run(null, callers, processes);
    const count = (ends: readonly string[], codes: readonly string[]): number => ends.filter((end) => codes.includes(end)).length;
    const [admitted, refused] = [count(guarded.ends, ['succeeded']), count(guarded.ends, REFUSALS)];
    const { spent_usd, reserved_usd, cost_lines_usd, overspend_usd } = guarded.books;
    return {
      callers, processes, room, admitted, refused, otherwise: callers - admitted - refused, limit_usd: limit, asked_usd: timesQuantity(USD_PER_UNIT, UNITS_PER_CALL * callers),
      spent_usd, reserved_usd, cost_lines_usd, overspend_usd,
      without_limit_admitted: count(free.ends, ['succeeded']), without_limit_spent_usd: free.books.cost_lines_usd, took_ms: guarded.tookMs,
    };
  } finally {
    await Promise.all([control.close(), execution.close()]);
  }
}

async function provision(adminUrl: string): Promise<{ control: string; execution: string }> {
  await ensureDatabase(adminUrl, 'race');
  const url = (role?: string): string => {
    const made = new URL(adminUrl);
    made.pathname = '/race';
    if (role !== undefined) [made.username, made.password] = [role, PASSWORD];
    return made.href;
  };
  await migrate({ adminUrl: url(), folder: path.join(ROOT, 'contracts/database/migrations'), legalTransitions: legalTransitionRows() });
  await setPasswords(adminUrl, { countersign_control: PASSWORD, countersign_execution: PASSWORD });
  return { control: url('countersign_control'), execution: url('countersign_execution') };
}

/** One tenant with a price of its own; each race is in a fresh workspace, with leased steps for its callers. */
class Track {
  readonly #ids = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment'), personId: newId('principal'), instanceId: newId('connector_instance') };
  readonly #control: Database;
  readonly #execution: Database;
  readonly #order: Pick<RaceOrder, 'databaseUrl' | 'keyFile'>;

  constructor(control: Database, execution: Database, order: Pick<RaceOrder, 'databaseUrl' | 'keyFile'>) {
    this.#control = control;
    this.#execution = execution;
    this.#order = order;
  }

  async lay(): Promise<void> {
    await this.#control.forTenant(this.#ids.tenantId, async (tx) => {
      await seedTenant(tx, this.#ids.tenantId, 'race');
      await seedPlace(tx, this.#ids);
      await insertPrice(tx, this.#ids.tenantId, METER, USD_PER_UNIT);
    });
  }

  async run(limit: string | null, callers: number, processes: number): Promise<{ ends: string[]; books: Books; tookMs: number }> {
    const { tenantId, instanceId } = this.#ids;
    const workspaceId = newId('workspace');
    await this.#control.forTenant(tenantId, async (tx) => {
      await seedWorkspace(tx, tenantId, workspaceId);
      await setLimits(tx, tenantId, workspaceId, { run: null, month: limit });
    });
    const place = { ids: this.#ids, database: { execution: this.#execution } };
    const calls = await Promise.all(Array.from({ length: callers }, () => leasedCall(place, workspaceId)));
    const { ends, tookMs } = await startTogether(shares(calls, processes).map((share) => ({ ...this.#order, instanceId, calls: share })));
    return { ends, tookMs, books: await this.#execution.forTenant(tenantId, (tx) => readBooks(tx, calls[0]!)) };
  }
}

function shares(calls: readonly CallIdentity[], processes: number): CallIdentity[][] {
  return Array.from({ length: processes }, (_, i) => calls.filter((_call, n) => n % processes === i)).filter((share) => share.length > 0);
}

/** A process for each order; all are told to go when the last of them is ready. */
async function startTogether(orders: readonly RaceOrder[]): Promise<{ ends: string[]; tookMs: number }> {
  const racers = orders.map((order) => {
    const child = fork(path.join(import.meta.dirname, 'racer.ts'), { cwd: ROOT, env: baseEnvironment(), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.send(order);
    return child;
  });
  try {
    await Promise.all(racers.map((racer) => heard(racer)));
    const started = performance.now();
    const reports = racers.map((racer) => heard<RaceReport>(racer));
    for (const racer of racers) racer.send('go');
    return { ends: (await Promise.all(reports)).flatMap((report) => report.ends), tookMs: Math.round(performance.now() - started) };
  } finally {
    for (const racer of racers) racer.kill();
  }
}

/** The next message of a racer; one that ends without a word fails the race. */
async function heard<T>(racer: ReturnType<typeof fork>): Promise<T> {
  const ended = new AbortController();
  const gone = once(racer, 'exit', { signal: ended.signal }).then(([code]) => Promise.reject(new RaceError(`A racer ended with ${String(code)} before it had reported.`)));
  gone.catch(() => undefined);
  try {
    const [message] = await Promise.race([once(racer, 'message', { signal: ended.signal }), gone]) as [T];
    return message;
  } finally {
    ended.abort();
  }
}

class RaceError extends Error {
  override readonly name = 'RaceError';
  readonly code = 'race_broken';
}
