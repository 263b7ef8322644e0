import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import { attention, deadLetters, dispatchNow, liveWorkers, pausedRuns, rates, runDepth, stepDepth } from './queries.ts';
import type { CountRow, DeadLetterRow, DispatchRow, RateRow, RunDepthRow, StepDepthRow, WorkerRow } from './queries.ts';

type Schemas = components['schemas'];
type Figures = { -readonly [Key in keyof Schemas['QueueFigures']]: Schemas['QueueFigures'][Key] };
type Queue = Schemas['Queue'];

/** Consoles ask every few seconds, many at once: they share an answer for so long. */
const KEPT_MS = 2_000;
/** Steps of one state that are counted one by one; beyond it, the answer says so. */
export const COUNTED_STEPS = 5_000;
const RATE_WINDOW_MS = 5 * 60_000;
const MAX_QUEUES = 200;

/** What waits for workers, how long, and what is stuck: counted when asked for, from the tables that workers claim from. */
export class Queues {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly until_ms: number; readonly answer: Promise<Schemas['Queues']> }>();

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async getQueues({ principal }: Call<'getQueues'>): Promise<Answer<'getQueues'>> {
    const now_ms = this.#clock.now().getTime();
    for (const [key, { until_ms }] of this.#kept) if (until_ms <= now_ms) this.#kept.delete(key);
    const key = `${principal.tenantId} ${principal.workspaceId}`;
    const kept = this.#kept.get(key) ?? { until_ms: now_ms + KEPT_MS, answer: this.#read(principal) };
    this.#kept.set(key, kept);
    kept.answer.catch(() => this.#kept.delete(key));
    return { status: 200, body: await kept.answer };
  }

  #read({ tenantId, workspaceId }: Principal): Promise<Schemas['Queues']> {
    return this.#database.forTenant(tenantId, async (tx) => {
      const queues = await readQueues(tx, tenantId, workspaceId);
      const workers = await tx.rows<WorkerRow>(liveWorkers, [tenantId]);
      const dispatch = await tx.one<DispatchRow>(dispatchNow, [tenantId, COUNTED_STEPS]);
      const sorted = queues.toSorted((a, b) => depthOf(b) - depthOf(a) || b.dead_letters - a.dead_letters || a.workflow_name.localeCompare(b.workflow_name));
      return {
        at: this.#clock.now().toISOString(),
        items: sorted.slice(0, MAX_QUEUES), items_left_out: Math.max(0, sorted.length - MAX_QUEUES),
        totals: totalsOf(queues),
        dispatch: { ...dispatchOf(dispatch), workers: workers.map(workerOf) },
      };
    });
  }
}

/** The queues of one workspace. */
async function readQueues(tx: Transaction, tenantId: string, workspaceId: string): Promise<Queue[]> {
  const queues = new Map<string, Queue & Figures>();
  const of = ({ environment, workflow_name }: { readonly environment: string; readonly workflow_name: string }): Queue & Figures => {
    const key = `${environment} ${workflow_name}`;
    const queue = queues.get(key) ?? { environment, workflow_name, ...noFigures() };
    queues.set(key, queue);
    return queue;
  };
  const place = [tenantId, workspaceId];
  for (const row of await tx.rows<RunDepthRow>(runDepth, place)) of(row).runs[row.state] = row.count;
  for (const row of await tx.rows<CountRow>(pausedRuns, place)) of(row).runs.paused = row.count;
  const steps = await tx.rows<StepDepthRow>(stepDepth, [...place, COUNTED_STEPS]);
  for (const row of steps) addSteps(of(row), row);
  for (const row of await tx.rows<DeadLetterRow>(deadLetters, [...place, COUNTED_STEPS])) Object.assign(of(row), { dead_letters: row.count, dead_letters_per_hour: row.in_the_last_hour });
  for (const row of await tx.rows<CountRow>(attention, [...place, COUNTED_STEPS])) of(row).attention = row.count;
  for (const row of await tx.rows<RateRow>(rates, [...place, RATE_WINDOW_MS])) Object.assign(of(row), { claims_per_minute: perMinute(row.claims), retries_per_minute: perMinute(row.retries) });
  if (isCutShort(steps)) for (const queue of queues.values()) queue.counted_up_to = COUNTED_STEPS;
  return [...queues.values()];
}

/** PostgreSQL is the truth either way; with SQS there is an outbox to it, and what it says of itself. */
function dispatchOf({ outbox_rows, outbox_oldest_ms, queue }: DispatchRow): Omit<Schemas['DispatchState'], 'workers'> {
  if (queue === null) return { kind: 'postgres', outbox: null, queue: null };
  const { asked_at, visible, in_flight, dead_letters } = queue;
  return {
    kind: 'sqs', outbox: { depth: outbox_rows, oldest_ms: outbox_oldest_ms === null ? null : Math.round(outbox_oldest_ms) },
    queue: asked_at === null || visible === null || in_flight === null ? null : { asked_at, visible, in_flight, dead_letters },
  };
}

function workerOf(row: WorkerRow): Schemas['DispatchState']['workers'][number] {
  return { ...row, started_at: row.started_at.toISOString(), heartbeat_at: row.heartbeat_at.toISOString(), draining_since: row.draining_since?.toISOString() ?? null };
}

function noFigures(): Figures {
  return {
    runs: { queued: 0, running: 0, waiting: 0, cancelling: 0, paused: 0 }, steps: { ready: 0, retrying: 0, uncertain: 0, leased: 0, waiting: 0, held: 0 },
    counted_up_to: null, oldest_ready_ms: null, claims_per_minute: 0, retries_per_minute: 0, dead_letters: 0, dead_letters_per_hour: 0, attention: 0,
  };
}

function addSteps(queue: Figures, row: StepDepthRow): void {
  queue.steps[row.state] = row.count;
  if (row.oldest_ready_ms !== null) queue.oldest_ready_ms = Math.max(queue.oldest_ready_ms ?? 0, Math.round(row.oldest_ready_ms));
}

function isCutShort(rows: readonly StepDepthRow[]): boolean {
  const count = (...states: string[]): number => rows.filter((row) => states.includes(row.state)).reduce((sum, row) => sum + row.count, 0);
  return [count('ready', 'retrying', 'uncertain'), count('leased'), count('waiting')].some((counted) => counted >= COUNTED_STEPS);
}

function perMinute(count: number): number {
  return Math.round(count / (RATE_WINDOW_MS / 60_000) * 10) / 10;
}

function depthOf({ runs }: Figures): number {
  return runs.queued + runs.running;
}

function totalsOf(queues: readonly Queue[]): Figures {
  const sum = (pick: (queue: Queue) => number): number => queues.reduce((total, queue) => total + pick(queue), 0);
  const oldest = queues.flatMap(({ oldest_ready_ms }) => (oldest_ready_ms === null ? [] : [oldest_ready_ms]));
  const none = noFigures();
  return {
    runs: mapOf(none.runs, (state) => sum((queue) => queue.runs[state])),
    steps: mapOf(none.steps, (state) => sum((queue) => queue.steps[state])),
    counted_up_to: queues[0]?.counted_up_to ?? null,
    oldest_ready_ms: oldest.length === 0 ? null : Math.max(...oldest),
    claims_per_minute: sum((queue) => queue.claims_per_minute), retries_per_minute: sum((queue) => queue.retries_per_minute),
    dead_letters: sum((queue) => queue.dead_letters), dead_letters_per_hour: sum((queue) => queue.dead_letters_per_hour), attention: sum((queue) => queue.attention),
  };
}

function mapOf<Counts extends Record<string, number>>(counts: Counts, count: (key: keyof Counts) => number): Counts {
  return Object.fromEntries(Object.keys(counts).map((key) => [key, count(key)])) as Counts;
}
