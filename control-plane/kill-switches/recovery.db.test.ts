import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
let operator: TestPrincipal;
let approver: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  operator = await plane.principal(['operator']);
  approver = await plane.principal(['approver']);
});
afterEach(async () => {
  for (const one of await listed('?active=true')) await release(one['id'], {});
  await inControl('test.recovered', 'UPDATE control.kill_switches SET recovery_stage = NULL, stage_began_at = NULL, share = NULL, recovered_at = clock_timestamp() WHERE tenant_id = $1 AND recovered_at IS NULL');
});
afterAll(() => plane.stop());

const set = (scope: string, id?: string): Promise<ApiReply> => plane.api('POST', '/api/v1/kill-switches', { key: operator.key, json: { scope, ...(id === undefined ? {} : { id }), reason: 'The desk loops' } });
const release = (id: unknown, json: Record<string, unknown>): Promise<ApiReply> => plane.api('POST', `/api/v1/kill-switches/${String(id)}/release`, { key: operator.key, json: { reason: 'It is mended', ...json } });
const listed = async (query = ''): Promise<Array<Record<string, unknown>>> => (await plane.api('GET', `/api/v1/kill-switches${query}`, { key: operator.key })).body['items'] as Array<Record<string, unknown>>;
const inControl = (name: string, text: string, values: readonly unknown[] = []): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name, text }, [plane.tenant.tenantId, ...values]));
const read = async (approval: SeededApproval): Promise<Record<string, unknown>> => (await plane.api('GET', `/api/v1/approvals/${approval.id}`, { key: approver.key })).body;
const vote = (approval: SeededApproval): Promise<ApiReply> => plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key: approver.key, json: { decision: 'approve', action_digest: approval.digest } });
const until = async <T>(look: () => Promise<T | null>): Promise<T> => {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
  }
};

describe('a switch that is released in stages', () => {
  test('goes from one stage to the next and ends, each audited; nobody is let go earlier than their stage', async () => {
    const made = await set('environment', plane.tenant.environmentId);
    const { status, body } = await release(made.body['id'], { recovery: [{ share: 0.1, for_ms: 60_000 }, { share: 0.5, for_ms: 60_000 }] });
    expect([status, body]).toMatchObject([200, { recovery_stage: 0, share: 0.1, recovered_at: null, recovery: [{ share: 0.1 }, { share: 0.5 }] }]);

    const stageIsOver = (): Promise<number> => inControl('test.stage_over', `UPDATE control.kill_switches SET stage_began_at = stage_began_at - interval '2 minutes' WHERE tenant_id = $1 AND id = $2`, [made.body['id']]);
    const seen = (is: (one: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> => until(async () => (await listed()).find((one) => one['id'] === made.body['id'] && is(one)) ?? null);
    await stageIsOver();
    expect(await seen((one) => one['recovery_stage'] === 1)).toMatchObject({ share: 0.5, recovered_at: null });
    await stageIsOver();
    expect(await seen((one) => one['recovered_at'] !== null)).toMatchObject({ recovery_stage: null, share: null });
    expect(await plane.auditTypes(String(made.body['id']))).toEqual(['kill_switch.set', 'kill_switch.released', 'kill_switch.stage_began', 'kill_switch.recovered']);
  });

  test('lets more go with each stage, or is refused', async () => {
    const made = await set('environment', plane.tenant.environmentId);
    const reply = await release(made.body['id'], { recovery: [{ share: 0.5, for_ms: 1_000 }, { share: 0.5, for_ms: 1_000 }] });
    expect([reply.status, reply.body['errors']]).toMatchObject([400, [{ field: '/recovery/1/share', code: 'not_growing' }]]);
  });

  test('does not go on where the target is stopped again', async () => {
    const first = await set('environment', plane.tenant.environmentId);
    await release(first.body['id'], { recovery: [{ share: 0.1, for_ms: 60_000 }] });
    const second = await set('environment', plane.tenant.environmentId);
    expect(second.status).toBe(201);
    expect((await listed()).find((one) => one['id'] === first.body['id'])).toMatchObject({ share: null, recovered_at: expect.any(String) });
    expect(await plane.auditTypes(String(first.body['id']))).toEqual(['kill_switch.set', 'kill_switch.released', 'kill_switch.recovered']);
  });
});

describe('the clock of an approval', () => {
  const overdue = (approval: SeededApproval): Promise<number> => inControl('test.overdue', `UPDATE control.approvals SET expires_at = clock_timestamp() - interval '1 minute' WHERE tenant_id = $1 AND id = $2`, [approval.id]);

  test('stands while a switch stops its run: nobody is too late, and what was left is left when it is released', async () => {
    const approval = await seedApproval(plane, { expires_ms: 600_000 });
    const before = String((await read(approval))['expires_at']);
    const made = await set('tenant');
    expect((await read(approval))['frozen_since']).not.toBeNull();
    // Ten minutes pass.
    await inControl('test.pass', `UPDATE control.approvals SET frozen_since = frozen_since - interval '10 minutes' WHERE tenant_id = $1 AND id = $2`, [approval.id]);
    await release(made.body['id'], {});
    const after = await read(approval);
    expect(after).toMatchObject({ state: 'pending', frozen_since: null });
    expect(Date.parse(String(after['expires_at'])) - Date.parse(before)).toBeGreaterThanOrEqual(600_000);
  });

  test('that is over by now is not over for a voter while a switch is set', async () => {
    const approval = await seedApproval(plane);
    await set('workspace', plane.tenant.workspaceId);
    await overdue(approval);
    expect((await read(approval))).toMatchObject({ state: 'pending', may_vote: true });
    expect((await vote(approval)).body['approval']).toMatchObject({ state: 'approved' });
  });

  test('stands from the beginning for what is asked meanwhile, and only once for two switches', async () => {
    const [first, second] = [await set('tenant'), await set('environment', plane.tenant.environmentId)];
    const approval = await seedApproval(plane);
    const since = (await read(approval))['frozen_since'];
    expect(since).not.toBeNull();
    await release(first.body['id'], {});
    expect((await read(approval))['frozen_since'], 'the other still stops it').toBe(since);
    await release(second.body['id'], {});
    expect((await read(approval))['frozen_since']).toBeNull();
  });

  test('of a run that a stage has not let go yet stands until its stage', async () => {
    const approvals = await Promise.all(Array.from({ length: 8 }, () => seedApproval(plane)));
    const made = await set('tenant');
    await release(made.body['id'], { recovery: [{ share: 0.5, for_ms: 60_000 }] });
    const rows = await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows<{ id: string; stands: boolean; place: number }>({
      name: 'test.stands', text: 'SELECT id, frozen_since IS NOT NULL AS stands, control.recovery_place(run_id) AS place FROM control.approvals WHERE id = ANY ($1)' }, [approvals.map((one) => one.id)]));
    for (const { id, stands, place } of rows) expect([id, stands]).toEqual([id, place >= 0.5]);
  });

  test('of another environment goes on', async () => {
    const approval = await seedApproval(plane);
    await set('environment', await devOf());
    expect((await read(approval))['frozen_since']).toBeNull();
  });
});

async function devOf(): Promise<string> {
  const row = await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.one<{ id: string }>({ name: 'test.dev', text: `SELECT id FROM control.environments WHERE tenant_id = $1 AND name = 'dev'` }, [plane.tenant.tenantId]));
  return row.id;
}
