import type { Database } from '@countersign/platform/postgres/database.ts';
import type { GaugeMetric, Metrics } from '@countersign/platform/telemetry/metrics.ts';
import { tenantFigures, tenantsByAge, workersNow } from './queries.ts';
import type { TenantFigures, TenantRow, WorkersRow } from './queries.ts';

/** Tenants with a label of their own; the others are told together. */
const LABELLED_TENANTS = 50;
const OTHERS = 'other';
const COUNTED = 5_000;

type Figure = keyof TenantFigures;
type Sums = Record<Figure, number>;

/** What the whole cell's queues look like, tenant after tenant: the gauges of it, and how to set them anew. */
export function cellMetrics(metrics: Metrics, database: Database): { read(): Promise<void> } {
  const gauges = gaugesOf(metrics);
  return {
    async read() {
      const tenants = await database.forNoTenant((tx) => tx.rows<TenantRow>(tenantsByAge));
      const byLabel = new Map<string, Sums>();
      for (const [i, { tenant_id, slug }] of tenants.entries()) {
        const figures = await database.forTenant(tenant_id, (tx) => tx.one<Sums>(tenantFigures, [tenant_id, COUNTED]));
        const label = i < LABELLED_TENANTS ? slug : OTHERS;
        byLabel.set(label, added(byLabel.get(label), figures));
      }
      const workers = await database.forNoTenant((tx) => tx.one<WorkersRow>(workersNow));
      gauges.tell(byLabel, workers);
    },
  };
}

/** Counts add up; of ages the greatest is told. */
function added(before: Sums | undefined, more: Sums): Sums {
  if (before === undefined) return more;
  return Object.fromEntries(Object.entries(more).map(([name, value]) => {
    const known = before[name as Figure];
    return [name, name.startsWith('oldest_') ? Math.max(known, value) : known + value];
  })) as Sums;
}

function gaugesOf(metrics: Metrics): { tell(byLabel: ReadonlyMap<string, Sums>, workers: WorkersRow): void } {
  const perTenant = (name: string, help: string, labels: readonly string[] = []): GaugeMetric => metrics.gauge({ name, help: `${help} Of the whole cell: the same in every control plane.`, labels: ['tenant', ...labels] });
  const runs = perTenant('countersign_queue_runs', 'Open runs: queued, all that are open, paused, and held by a limit of their workflow.', ['kind']);
  const steps = perTenant('countersign_queue_steps', `Steps by state; counted up to ${COUNTED} each.`, ['state']);
  const oldest = perTenant('countersign_queue_oldest_ready_seconds', 'How long the step has been claimable that waits longest.');
  const dead = perTenant('countersign_dead_letters_count', 'Steps that are dead now.');
  const approvals = perTenant('countersign_approvals_pending_count', 'Approvals that wait for people.');
  const oldestApproval = perTenant('countersign_approvals_oldest_pending_seconds', 'How long the approval waits that waits longest.');
  const brokenGlass = perTenant('countersign_break_glass_active_count', 'Roles that somebody has taken in an emergency and has still.');
  const deliveries = perTenant('countersign_deliveries_waiting_count', 'Accepted events that no worker has looked at yet.');
  const outbox = perTenant('countersign_outbox_rows', 'Runs whose message to the queue is due and not sent; 0 without SQS.');
  const oldestOutbox = perTenant('countersign_outbox_oldest_seconds', 'How long the message is due that is due longest.');
  const unsealed = perTenant('countersign_audit_unsealed_events', 'Audit events that are written and not yet sealed into their chain.');
  const agents = perTenant('countersign_agents_count', 'Agents that are not revoked; `lost` are those of them that were not heard of when it was last looked.', ['state']);
  const alive = metrics.gauge({ name: 'countersign_workers', help: 'Workers with a heartbeat in the last minute, by state.', labels: ['state'] });
  const queue = metrics.gauge({ name: 'countersign_sqs_messages', help: 'Messages as SQS last told a worker, approximately: visible, and in the dead-letter queue.', labels: ['queue'] });
  const readAt = metrics.gauge({ name: 'countersign_cell_figures_timestamp_seconds', help: 'When these gauges were last read from the database.' });
  const all = [runs, steps, oldest, dead, brokenGlass, approvals, oldestApproval, deliveries, outbox, oldestOutbox, unsealed, agents, queue];
  return {
    tell(byLabel, workers) {
      for (const gauge of all) gauge.clear();
      for (const [tenant, sums] of byLabel) {
        for (const kind of ['queued', 'open', 'paused', 'held'] as const) runs.set(sums[`${kind}_runs`], tenant, kind);
        for (const state of ['ready', 'retrying', 'uncertain', 'leased', 'waiting'] as const) steps.set(sums[`${state}_steps`], tenant, state);
        oldest.set(sums.oldest_ready_s, tenant);
        dead.set(sums.dead_steps, tenant);
        brokenGlass.set(sums.broken_glass, tenant);
        approvals.set(sums.pending_approvals, tenant);
        oldestApproval.set(sums.oldest_approval_s, tenant);
        deliveries.set(sums.accepted_deliveries, tenant);
        outbox.set(sums.outbox_rows, tenant);
        oldestOutbox.set(sums.oldest_outbox_s, tenant);
        unsealed.set(sums.unsealed_events, tenant);
        for (const state of ['active', 'draining', 'lost'] as const) agents.set(sums[`${state}_agents`], tenant, state);
      }
      alive.set(workers.alive - workers.draining, 'working');
      alive.set(workers.draining, 'draining');
      if (workers.queue_messages !== null) queue.set(workers.queue_messages, 'main');
      if (workers.queue_dead_letters !== null) queue.set(workers.queue_dead_letters, 'dead_letters');
      readAt.set(Date.now() / 1_000);
    },
  };
}
