import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';
import { shredOld } from './queries.ts';

let plane: ControlPlaneUnderTest;
let approver: TestPrincipal;
beforeAll(async () => {
  // Its own sweeper keeps everything for years: what is shredded here is shredded by the statement under test.
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_RETENTION_DAYS: '3650' });
  approver = await plane.principal(['approver']);
});
afterAll(() => plane.stop());

const age = { name: 'test.age', text: 'UPDATE control.approvals SET requested_at = clock_timestamp() - make_interval(days => $3), state = $4 WHERE tenant_id = $1 AND id = $2' };
const prove = { name: 'test.prove', text: `UPDATE execution.runs SET evidence_id = 'evd_test' WHERE tenant_id = $1 AND id = $2` };
const kept = { name: 'test.kept', text: 'SELECT id FROM control.approvals WHERE tenant_id = $1 AND action_sealed IS NOT NULL AND preview_sealed IS NOT NULL' };

async function asked(days: number, state: string): Promise<SeededApproval> {
  const approval = await seedApproval(plane);
  await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change(age, [plane.tenant.tenantId, approval.id, days, state]));
  return approval;
}

test('what was decided is shredded after its retention, a day later where its run is not proven; what is open stays', async () => {
  const { tenantId } = plane.tenant;
  const old = await asked(20, 'rejected');
  const proven = await asked(14, 'rejected');
  await plane.database.execution.forTenant(tenantId, (tx) => tx.change(prove, [tenantId, proven.runId]));
  const stays = [await asked(14, 'rejected'), await asked(20, 'pending'), await asked(20, 'approved'), await asked(13, 'rejected')];

  expect(await plane.database.control.forTenant(tenantId, (tx) => tx.change(shredOld, [tenantId, 14]))).toBe(2);
  const left = await plane.database.control.forTenant(tenantId, (tx) => tx.rows<{ id: string }>(kept, [tenantId]));
  expect(left.map((row) => row.id).toSorted()).toEqual(stays.map((approval) => approval.id).toSorted());

  const seen = await plane.api('GET', `/api/v1/approvals/${old.id}`, { key: approver.key });
  expect(seen.status).toBe(200);
  expect(seen.body).toMatchObject({ state: 'rejected', action_digest: old.digest, action_document: {}, preview: { fields: [], additions: [] } });
  expect(JSON.stringify(seen.body['preview'])).toContain('shredded');
  expect((await plane.api('GET', '/api/v1/approvals', { key: approver.key })).status).toBe(200);
});

test('the database does not let go of what may still run', async () => {
  const { tenantId } = plane.tenant;
  const open = await seedApproval(plane);
  const tear = { name: 'test.tear', text: 'UPDATE control.approvals SET action_sealed = NULL, preview_sealed = NULL, shredded_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2' };
  await expect(plane.database.control.forTenant(tenantId, (tx) => tx.change(tear, [tenantId, open.id]))).rejects.toMatchObject({ constraint: 'what_may_still_run_is_not_shredded' });
});

test('the reasons that people typed go with it; who voted how stays', async () => {
  const { tenantId } = plane.tenant;
  const approval = await seedApproval(plane);
  const vote = await plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key: approver.key, json: { decision: 'reject', action_digest: approval.digest, reason: 'The customer called' } });
  expect(vote.status).toBe(201);
  await plane.database.control.forTenant(tenantId, (tx) => tx.change(age, [tenantId, approval.id, 20, 'rejected']));
  await plane.database.control.forTenant(tenantId, (tx) => tx.change(shredOld, [tenantId, 14]));
  const { body } = await plane.api('GET', `/api/v1/approvals/${approval.id}`, { key: approver.key });
  expect(body['votes']).toMatchObject([{ principal_id: approver.id, decision: 'reject', reason: null }]);
});
