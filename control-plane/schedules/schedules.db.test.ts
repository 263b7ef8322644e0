import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { deskManifest } from '../testing/manifests.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  await plane.api('POST', '/api/v1/connectors', { json: { manifest: deskManifest() } });
});
afterAll(() => plane.stop());

const nightly = (name: string, schedule: string, more = ''): string => `
apiVersion: countersign.dev/v1
kind: Workflow
metadata: { name: ${name} }
spec:
  trigger: { schedule: ${schedule} }
${more}  steps:
    - { id: read, uses: desk/ticket.get, with: { id: "1" } }
`;

async function publish(source: string): Promise<{ status: number; body: Record<string, unknown> }> {
  return plane.api('POST', '/api/v1/workflows', { body: source, headers: { 'content-type': 'application/yaml' } });
}

async function activated(name: string, schedule: string): Promise<string> {
  const { body } = await publish(nightly(name, schedule));
  await plane.api('PUT', `/api/v1/workflows/${String(body['workflow_id'])}/activations/prod`, { json: { version: body['version'] } });
  return String(body['workflow_id']);
}

interface Shown { readonly id: string; readonly workflow_name: string; readonly [field: string]: unknown }

async function schedulesNow(): Promise<Shown[]> {
  return (await plane.api('GET', '/api/v1/schedules')).body['items'] as Shown[];
}

test('an active workflow that runs by the clock is listed with when it is due next', async () => {
  await activated('nightly-report', '{ cron: "0 6 * * 1-5", time_zone: Europe/Berlin }');
  const shown = (await schedulesNow()).find((one) => one.workflow_name === 'nightly-report');
  expect(shown).toMatchObject({ environment: 'prod', enabled: true, cron: '0 6 * * 1-5', time_zone: 'Europe/Berlin', catch_up: 'latest', last: null, paused_at: null });
  expect(new Date(String(shown?.['next_due_at'])).getTime()).toBeGreaterThan(Date.now());
});

test('it is paused and resumed with a reason, once each, and both are in the audit', async () => {
  await activated('weekly-report', '{ cron: "0 6 * * 1", catch_up: all }');
  const { id } = (await schedulesNow()).find((one) => one.workflow_name === 'weekly-report')!;
  expect((await plane.api('POST', `/api/v1/schedules/${id}/pause`, { json: {} })).status).toBe(400);
  const paused = await plane.api('POST', `/api/v1/schedules/${id}/pause`, { json: { reason: 'The system is being moved.' } });
  expect(paused).toMatchObject({ status: 200, body: { next_due_at: null, pause_reason: 'The system is being moved.', time_zone: 'UTC', catch_up: 'all' } });
  expect(paused.body['paused_by']).not.toBeNull();
  expect(await plane.api('POST', `/api/v1/schedules/${id}/pause`, { json: { reason: 'Once more.' } })).toMatchObject({ status: 409, body: { code: 'schedule_already_paused' } });
  expect(await plane.api('POST', `/api/v1/schedules/${id}/resume`, { json: { reason: 'It has moved.' } })).toMatchObject({ status: 200, body: { paused_at: null } });
  expect(await plane.api('POST', `/api/v1/schedules/${id}/resume`, { json: { reason: 'Once more.' } })).toMatchObject({ status: 409, body: { code: 'schedule_not_paused' } });
  const events = await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows<{ type: string; body: string }>({ name: 'test.events', text: `SELECT type, body FROM audit.events WHERE type LIKE 'schedule.%'` }));
  expect(events.map(({ type, body }) => [type, (JSON.parse(body) as { data: { reason: string } }).data.reason]).toSorted()).toEqual([['schedule.paused', 'The system is being moved.'], ['schedule.resumed', 'It has moved.']]);
});

test('another tenant sees and changes none of them', async () => {
  await activated('hidden-report', '{ cron: "0 6 * * 1" }');
  const { id } = (await schedulesNow()).find((one) => one.workflow_name === 'hidden-report')!;
  const other = await plane.principal(['admin'], await plane.otherTenant());
  expect((await plane.api('GET', '/api/v1/schedules', { key: other.key })).body['items']).toEqual([]);
  expect(await plane.api('POST', `/api/v1/schedules/${id}/pause`, { key: other.key, json: { reason: 'Not mine.' } })).toMatchObject({ status: 404 });
});

test('time tables and limits that cannot be are refused where they are published, with the field', async () => {
  const codes = async (schedule: string, more = ''): Promise<unknown> => {
    const { body } = await publish(nightly('refused', schedule, more));
    return (body['errors'] as Array<{ field: string; code: string }> | undefined)?.map(({ field, code }) => `${field} ${code}`);
  };
  expect(await codes('{ cron: "0 25 * * *" }')).toEqual(['/spec/trigger/schedule/cron cron_invalid']);
  expect(await codes('{ cron: "0 6 * * *", time_zone: Nowhere/City }')).toEqual(['/spec/trigger/schedule/time_zone time_zone_unknown']);
  expect(await codes('{ cron: "0 6 * * *" }', '  concurrency: { limit: 2, key: "${{ steps.read.output.x }}" }\n')).toEqual(['/spec/concurrency/key limit_key_invalid']);
  expect(await codes('{ cron: "0 6 * * *" }', '  rate: { count: 2, per_ms: 60000, key: "${{ run.id }}" }\n')).toEqual(['/spec/rate/key limit_key_invalid']);
  expect(await codes('{ cron: "0 6 * * *" }', '  concurrency: { limit: 2, key: "${{ trigger.due_at }}" }\n  priority: high\n')).toBeUndefined();
});
