import type { PdpStatus } from '@countersign/platform/opa/pdp-status.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Metrics } from '@countersign/platform/telemetry/metrics.ts';

/** What a worker is asked at each scrape. */
export interface WorkerState {
  readonly databases: ReadonlyArray<{ readonly pool: string; readonly database: Database }>;
  readonly leases: () => { readonly held: number; readonly renewed: number; readonly lost: number };
  readonly commits: () => { readonly batches: number; readonly units: number; readonly waiting: number };
  readonly policy: () => readonly PdpStatus[];
  readonly concurrency: number;
}

const STATES = ['fresh', 'stale', 'missing', 'invalid'] as const;

/** Leases, the group commit, connections and policy of one worker, as they are when somebody scrapes. */
export function observeWorker(metrics: Metrics, state: WorkerState): void {
  observeLeases(metrics, state);
  observeCommits(metrics, state);
  observePolicy(metrics, state);
  const connections = metrics.gauge({ name: 'countersign_database_connections', help: 'Connections to PostgreSQL, by what they do; `waiting` are callers that wait for one.', labels: ['pool', 'state'] });
  metrics.onScrape(() => {
    for (const { pool, database: { pool: { totalCount, idleCount, waitingCount } } } of state.databases) {
      connections.set(totalCount - idleCount, pool, 'busy');
      connections.set(idleCount, pool, 'idle');
      connections.set(waitingCount, pool, 'waiting');
    }
  });
}

function observeLeases(metrics: Metrics, { leases, concurrency }: WorkerState): void {
  const held = metrics.gauge({ name: 'countersign_leases_held_count', help: 'Runs that this worker has a step of.' });
  const slots = metrics.gauge({ name: 'countersign_worker_slots_count', help: 'Runs that it may work on at once.' });
  const renewals = cumulative(metrics, 'countersign_lease_renewals_total', 'Leases that a heartbeat renewed.');
  const losses = cumulative(metrics, 'countersign_lease_losses_total', 'Leases that were found lost: the work under them was stopped.');
  metrics.onScrape(() => {
    const now = leases();
    held.set(now.held);
    slots.set(concurrency);
    renewals(now.renewed);
    losses(now.lost);
  });
}

function observeCommits(metrics: Metrics, { commits }: WorkerState): void {
  const batches = cumulative(metrics, 'countersign_commit_batches_total', 'Transactions of the group commit.');
  const units = cumulative(metrics, 'countersign_commit_units_total', 'Units of runs in them; units per batch say how many runs share a commit.');
  const waiting = metrics.gauge({ name: 'countersign_commit_waiting_count', help: 'Units that wait for a connection.' });
  metrics.onScrape(() => {
    const now = commits();
    batches(now.batches);
    units(now.units);
    waiting.set(now.waiting);
  });
}

function observePolicy(metrics: Metrics, { policy }: WorkerState): void {
  const scopes = metrics.gauge({ name: 'countersign_policy_scopes', help: 'Environments and modes that this worker holds policy for; all but `fresh` deny.', labels: ['state'] });
  const age = metrics.gauge({ name: 'countersign_policy_bundle_age_seconds', help: 'Since the bundle that was confirmed longest ago was confirmed.' });
  const left = metrics.gauge({ name: 'countersign_policy_bundle_time_left_seconds', help: 'Until the first bundle is too old to decide by; 0 where one is.' });
  const refreshes = cumulative(metrics, 'countersign_policy_refreshes_total', 'Looks for a newer bundle that succeeded.');
  const failures = cumulative(metrics, 'countersign_policy_refresh_failures_total', 'Looks for a newer bundle that failed.');
  metrics.onScrape(() => {
    const statuses = policy();
    for (const state of STATES) scopes.set(statuses.filter((status) => status.state === state).length, state);
    age.set(Math.max(0, ...statuses.map(({ age_ms }) => age_ms ?? 0)) / 1_000);
    left.set(statuses.length === 0 ? 0 : Math.min(...statuses.map(({ time_left_ms }) => time_left_ms)) / 1_000);
    refreshes(statuses.reduce((sum, status) => sum + status.refreshes.succeeded, 0));
    failures(statuses.reduce((sum, status) => sum + status.refreshes.failed, 0));
  });
}

/** A counter of what is counted elsewhere. What begins anew there goes on here. */
function cumulative(metrics: Metrics, name: string, help: string): (total: number) => void {
  const counter = metrics.counter({ name, help });
  let before = 0;
  counter.add(0);
  return (total) => {
    counter.add(total < before ? total : total - before);
    before = total;
  };
}
