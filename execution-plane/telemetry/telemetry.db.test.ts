import { afterEach, beforeEach, expect, it } from 'vitest';
import { startOtlpReceiver } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import type { OtlpReceiver, ReceivedSpan } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import { readExposition } from '@countersign/platform/telemetry/testing/exposition.ts';
import type { ExposedMetric } from '@countersign/platform/telemetry/testing/exposition.ts';
import { spanIdOf } from '@countersign/platform/telemetry/traceparent.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const CANARY = 'canary-of-a-ticket-7319';

let plant: Plant;
let receiver: OtlpReceiver;
beforeEach(async () => { [plant, receiver] = await Promise.all([Plant.open(), startOtlpReceiver()]); });
afterEach(async () => {
  await plant.close();
  await receiver.stop();
});

const watched = (): { telemetry: NonNullable<ReturnType<Plant['config']>['telemetry']> } => ({
  telemetry: { metrics: { host: '127.0.0.1', port: 0, token: null }, traces: { endpoint: receiver.url, headers: {}, ratio: 1 } },
});

/** One ticket whose event carried a trace, from its delivery to the end of its run. */
async function oneTicket(): Promise<{ runId: string; metrics: Map<string, ExposedMetric>; text: string }> {
  await plant.raise(CANARY);
  await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('traced', 'UPDATE execution.deliveries SET traceparent = $1'), [`00-${TRACE}-${PARENT}-01`]));
  const worker = await plant.startWorker(watched());
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!);
  const { id } = await plant.untilRun((run) => run.state === 'succeeded');
  const metrics = await (await fetch(worker.metricsUrl!)).text();
  await worker.stop();
  return { runId: id, metrics: readExposition(metrics), text: metrics };
}

function total(metric: ExposedMetric | undefined, labels: Record<string, string> = {}): number {
  return (metric?.samples ?? []).filter((sample) => Object.entries(labels).every(([name, value]) => sample.labels[name] === value)).reduce((sum, { value }) => sum + value, 0);
}

it('what Prometheus scrapes and what the board adds up are the same counts', async () => {
  const { metrics } = await oneTicket();
  const rows = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<Record<string, string>>(sql('figures', `
    SELECT sum(steps_claimed) AS claims, sum(steps_succeeded) AS succeeded, sum(runs_started) AS started, sum(runs_succeeded) AS ended,
           sum((SELECT sum(d.value::int) FROM jsonb_each_text(decisions) d)) AS decisions, sum((SELECT sum(q) FROM unnest(queue_wait) q)) AS waits
      FROM execution.figures`)));
  const told = Object.fromEntries(Object.entries(rows[0]!).map(([name, value]) => [name, Number(value)]));
  expect(told).toEqual({
    claims: total(metrics.get('countersign_step_claims_total')), succeeded: total(metrics.get('countersign_step_turns_total'), { state: 'succeeded' }),
    started: total(metrics.get('countersign_runs_started_total')), ended: total(metrics.get('countersign_runs_ended_total'), { state: 'succeeded' }),
    decisions: total(metrics.get('countersign_policy_decisions_total')), waits: metrics.get('countersign_step_queue_wait_seconds')!.samples.find(({ name }) => name.endsWith('_count'))!.value,
  });
  // Three steps; the one that waited for a person was claimed twice.
  expect(told).toMatchObject({ claims: 4, succeeded: 3, started: 1, ended: 1, waits: 4 });
  expect(total(metrics.get('countersign_step_turns_total'), { state: 'waiting' })).toBe(1);
});

it('tells what operators of a worker want to know, without a tenant or a ticket in it', async () => {
  const { runId, metrics, text } = await oneTicket();
  for (const name of ['countersign_leases_held_count', 'countersign_lease_renewals_total', 'countersign_lease_losses_total', 'countersign_commit_batches_total', 'countersign_commit_units_total',
    'countersign_policy_bundle_age_seconds', 'countersign_policy_scopes', 'countersign_database_connections', 'countersign_egress_requests_total', 'countersign_egress_duration_seconds', 'nodejs_eventloop_lag_seconds']) {
    expect([name, (metrics.get(name)?.samples.length ?? 0) > 0]).toEqual([name, true]);
  }
  expect(total(metrics.get('countersign_policy_scopes'), { state: 'fresh' })).toBe(1);
  expect(total(metrics.get('countersign_egress_requests_total'), { connector: 'ledger', answer: '2xx' })).toBeGreaterThan(0);
  for (const absent of [CANARY, plant.ids.tenantId, 'rec-1', runId]) expect(text).not.toContain(absent);
});

it('a run that ends while nobody works on it is counted and traced all the same', async () => {
  await plant.raise(CANARY);
  const worker = await plant.startWorker(watched());
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!, 'reject');
  const { id } = await plant.untilRun((run) => run.state === 'failed');
  await worker.stop();
  const [row] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('failed', 'SELECT sum(runs_failed)::int AS failed, sum(runs_succeeded)::int AS succeeded FROM execution.figures')));
  expect(row).toEqual({ failed: 1, succeeded: 0 });
  expect(receiver.spans.find(({ name }) => name.startsWith('run '))).toMatchObject({ spanId: spanIdOf(id), parentSpanId: null, failed: true, attributes: { 'countersign.run.state': 'failed' } });
});

it('a trace goes from the event through the queue, steps and decisions to the requests, and holds no content', async () => {
  const { runId } = await oneTicket();
  const spans = await receiver.until((received) => received.some(({ name }) => name.startsWith('run ')));
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  const run = spans.find(({ name }) => name.startsWith('run '))!;
  expect(run).toMatchObject({ spanId: spanIdOf(runId), parentSpanId: PARENT, attributes: { 'countersign.run.id': runId, 'countersign.run.state': 'succeeded' } });
  expect(within(spans, run).map(({ name }) => name).filter((name) => name.startsWith('step ')).toSorted()).toEqual(['step change', 'step change', 'step check', 'step read']);
  expect(within(spans, run).some(({ name }) => name === 'queue')).toBe(true);
  const read = spans.find(({ name }) => name === 'step read')!;
  const [decision] = within(spans, read).filter(({ name }) => name.startsWith('decide '));
  expect(decision).toMatchObject({ attributes: { 'countersign.decision.outcome': 'ALLOW' } });
  expect(within(spans, read).find(({ name }) => name === 'GET')).toMatchObject({ kind: 3, attributes: { 'http.response.status_code': 200, 'countersign.connector': 'ledger' } });
  for (const absent of [CANARY, 'rec-1']) expect(receiver.raw).not.toContain(absent);
});

function within(spans: readonly ReceivedSpan[], parent: ReceivedSpan): ReceivedSpan[] {
  return spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
}
