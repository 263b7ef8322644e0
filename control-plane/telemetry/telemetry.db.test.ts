import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { readExposition } from '@countersign/platform/telemetry/testing/exposition.ts';
import type { ExposedMetric } from '@countersign/platform/telemetry/testing/exposition.ts';
import { seedAgent, seedPool } from '../agents/session/testing/queries.ts';
import { insertGrant } from '../break-glass/queries.ts';
import { readConfig } from '../config.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { seedApproval, seedRun } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0', COUNTERSIGN_METRICS_PORT: '0' }); });
afterAll(() => plane.stop());

const valueOf = (metrics: Map<string, ExposedMetric>, name: string, labels: Record<string, string>): number | undefined =>
  metrics.get(name)?.samples.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))?.value;

test('what is scraped has the cell\'s queues by tenant, and what the API answered by operation', async () => {
  await seedRun(plane);
  await seedApproval(plane);
  const other = await plane.otherTenant();
  await seedRun(plane, other);
  const somebody = await plane.principal(['admin'], other);
  await plane.database.control.forTenant(other.tenantId, (tx) => tx.change(insertGrant, [other.tenantId, newId('break_glass'), other.workspaceId, somebody.id, 'operator', null, 600_000]));
  await plane.database.control.forTenant(other.tenantId, async (tx) => seedAgent(tx, { tenantId: other.tenantId, poolId: await seedPool(tx, other) }));
  await plane.restart();
  await plane.api('GET', '/api/v1/runs');
  await plane.api('GET', `/api/v1/runs/${newId('run')}`);
  await plane.api('GET', `/scim/v2/Users/${newId('principal')}`);
  // Read at the start and every ten seconds.
  const metrics = await scrapeUntil((read) => read.has('countersign_cell_figures_timestamp_seconds') && (read.get('countersign_queue_steps')?.samples.length ?? 0) > 0);
  const slug = `t-${other.tenantId.slice(-10)}`;
  expect(valueOf(metrics, 'countersign_queue_steps', { tenant: slug, state: 'ready' })).toBe(1);
  expect(valueOf(metrics, 'countersign_queue_runs', { tenant: slug, kind: 'open' })).toBe(1);
  expect(valueOf(metrics, 'countersign_break_glass_active_count', { tenant: slug })).toBe(1);
  expect(['active', 'draining', 'lost'].map((state) => valueOf(metrics, 'countersign_agents_count', { tenant: slug, state }))).toEqual([1, 0, 0]);
  expect(metrics.get('countersign_approvals_pending_count')!.samples.reduce((sum, { value }) => sum + value, 0)).toBe(1);
  for (const name of ['countersign_audit_unsealed_events', 'countersign_outbox_rows', 'countersign_dead_letters_count', 'countersign_queue_oldest_ready_seconds', 'countersign_deliveries_waiting_count', 'countersign_workers', 'countersign_database_connections', 'nodejs_eventloop_lag_seconds']) {
    expect([name, (metrics.get(name)?.samples.length ?? 0) > 0]).toEqual([name, true]);
  }
  expect(valueOf(metrics, 'countersign_http_requests_total', { operation: 'listRuns', status: '200' })).toBe(1);
  expect(valueOf(metrics, 'countersign_http_requests_total', { operation: 'getRun', status: '404' })).toBe(1);
  expect(valueOf(metrics, 'countersign_http_requests_total', { operation: 'scimGetUser', status: '404' })).toBe(1);
});

test('the API itself serves no metrics', async () => {
  expect(await (await fetch(`${plane.url}/metrics`)).text()).not.toContain('countersign_http_requests_total');
});

test.each([
  [{ COUNTERSIGN_METRICS_PORT: '9464', COUNTERSIGN_METRICS_HOST: '0.0.0.0' }, 'metrics_unprotected'],
  [{ COUNTERSIGN_METRICS_PORT: 'x' }, 'setting_invalid'],
  [{ COUNTERSIGN_TRACES_RATIO: '2' }, 'setting_invalid'],
  [{ COUNTERSIGN_OTLP_HEADERS: 'no pair' }, 'setting_invalid'],
])('%j is refused at the start', (env, code) => {
  const needed = { COUNTERSIGN_CONTROL_DATABASE_URL: 'x', COUNTERSIGN_KEY_FILE: 'x', COUNTERSIGN_OBJECTS_DIR: 'x' };
  expect(() => readConfig({ ...needed, ...env })).toThrow(expect.objectContaining({ code }));
});

async function scrapeUntil(enough: (read: Map<string, ExposedMetric>) => boolean): Promise<Map<string, ExposedMetric>> {
  for (;;) {
    const read = readExposition(await (await fetch(plane.metricsUrl)).text());
    if (enough(read)) return read;
  }
}
