import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyEvidence } from '@countersign/cli/evidence/verify.ts';
import type { EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import type { ApiReply } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import { seedApproval, seedRun } from '@countersign/control-plane/testing/seeded-run.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';

let plane: ControlPlaneUnderTest;
let folder: string;
let keys: EvidenceKeys;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'packages-'));
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_OBJECTS_DIR: folder });
  keys = (await plane.api('GET', '/api/v1/keys')).body as unknown as EvidenceKeys;
}, 60_000);
afterAll(async () => {
  await plane.stop();
  await rm(folder, { recursive: true, force: true });
});

async function built(json: object): Promise<ApiReply> {
  const asked = await plane.api('POST', '/api/v1/evidence-packages', { json });
  expect(asked.status, JSON.stringify(asked.body)).toBe(202);
  const at = `/api/v1/evidence-packages/${String(asked.body['id'])}`;
  await expect.poll(async () => (await plane.api('GET', at)).body['state'], { timeout: 60_000, interval: 100 }).not.toMatch(/^(requested|building)$/);
  expect((await plane.api('GET', at)).body['state']).toBe('built');
  return plane.api('GET', `${at}/archive`);
}

it('of an approval shows who voted and how they had signed in, and verifies against the keys that the cell publishes', async () => {
  const approval = await seedApproval(plane);
  const { tenantId, workspaceId } = plane.tenant;
  await plane.database.control.forTenant(tenantId, (tx) => appendAudit(tx, {
    at: new Date(), type: 'approval.requested', tenant_id: tenantId, workspace_id: workspaceId, run_id: approval.runId, actor: { kind: 'worker', id: 'w1' }, subject: { kind: 'approval', id: approval.id }, data: { action_digest: approval.digest },
  }));
  const approver = await plane.principal(['approver']);
  expect((await plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key: approver.key, json: { decision: 'approve', action_digest: approval.digest } })).status).toBe(201);

  const archive = await built({ kind: 'approval', subject_id: approval.id });
  const found = verifyEvidence(archive.bytes, { trustedKeys: keys, expectTenant: tenantId });
  expect(found).toMatchObject({ kind: 'approval', run_id: null, tenant_id: tenantId, redacted: false });
  expect(found.proofs.map(({ check }) => check)).toEqual(['files', 'signature', 'checkpoint', 'events', 'request', 'votes', 'decisions', 'approvals']);
  expect(archive.headers.get('content-disposition')).toContain('attachment');
  expect(await plane.auditTypes(found.evidence_id)).toEqual(['evidence.package_requested', 'evidence.package_built', 'evidence.package_downloaded']);
}, 60_000);

it('of a period names the evidence of its runs by digest, and those that have none', async () => {
  const from = new Date();
  const [run, without] = [await seedRun(plane, plane.tenant, { state: 'succeeded' }), await seedRun(plane, plane.tenant, { state: 'succeeded' })];
  const { tenantId } = plane.tenant;
  const bytes = Buffer.from('stands for an archive');
  await new FolderObjects(folder).put('t/evidence-of-a-run.zip', bytes);
  const sha256 = hash('sha256', bytes, 'hex');
  await plane.database.execution.forTenant(tenantId, async (tx) => {
    await tx.change({ name: 'test.finish', text: 'UPDATE execution.runs SET finished_at = clock_timestamp() WHERE tenant_id = $1 AND id = ANY ($2)' }, [tenantId, [run.runId, without.runId]]);
    await tx.change({ name: 'test.evidence', text: `
      WITH linked AS (UPDATE execution.runs SET evidence_id = $2 WHERE tenant_id = $1 AND id = $3)
      INSERT INTO execution.evidence (tenant_id, id, run_id, object_key, sha256, size_bytes) VALUES ($1, $2, $3, 't/evidence-of-a-run.zip', $4, $5)` }, [tenantId, newId('evidence'), run.runId, sha256, bytes.length]);
  });
  const period = { kind: 'period', from: from.toISOString(), to: new Date().toISOString() };
  const found = verifyEvidence((await built(period)).bytes, { trustedKeys: keys });
  expect(found).toMatchObject({ kind: 'period', members_verified: 0 });
  expect(found.proofs.at(-1)?.proves).toContain('names the evidence of 1 runs');
  expect(found.not_proven.join(' ')).toContain('What 1 more runs of the period did');
  // What lies under the digest is no evidence: a package that holds it does not verify.
  const withRuns = await built({ ...period, include_runs: true });
  expect(() => verifyEvidence(withRuns.bytes, { trustedKeys: keys })).toThrow(expect.objectContaining({ file: expect.stringContaining(`runs/${run.runId}`) as string }) as Error);
}, 60_000);

it('of a policy release shows its versions by digest, the difference and the gate', async () => {
  const { tenantId, workspaceId, environmentId } = plane.tenant;
  const id = newId('policy_release');
  await new FolderObjects(folder).put('t/diff.json', Buffer.from('[{"after":"package x","before":null,"path":"x.rego"}]'));
  await plane.database.control.forTenant(tenantId, async (tx) => {
    await tx.change({ name: 'test.release', text: `
      INSERT INTO control.policy_releases (tenant_id, id, workspace_id, environment_id, mode, number, kind, packs, stack_digest, parts_key, diff_key, state, reason, requested_by, released_at)
      VALUES ($1, $2, $3, $4, 'shadow', 1, 'release', '[]', 'sha256:00', 't/parts', 't/diff.json', 'blocked', 'typed by somebody', 'prn_1', NULL)` }, [tenantId, id, workspaceId, environmentId]);
    await appendAudit(tx, { at: new Date(), type: 'policy.release_blocked', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'person', id: 'prn_1' }, subject: { kind: 'policy_release', id }, data: { environment: 'prod', mode: 'shadow', number: 1, replay_id: null } });
  });
  const archive = await built({ kind: 'policy_release', subject_id: id });
  const found = verifyEvidence(archive.bytes, { trustedKeys: keys });
  expect(found).toMatchObject({ kind: 'policy_release', verified: true });
  expect(found.proofs.at(-1)?.proves).toContain('was held back by its gate');
  expect(archive.bytes.includes('typed by somebody')).toBe(false);
  expect(archive.bytes.includes('policy.release_blocked')).toBe(true);
}, 60_000);

it('of a move of the tenant shows what both cells sealed, and is asked for in the first workspace', async () => {
  const { tenantId, workspaceId } = plane.tenant;
  const id = newId('tenant_move');
  const facts = { move_id: id, from_cell: 'us-1', to_cell: 'local' };
  const digest = hash('sha256', 'all rows', 'hex');
  await plane.database.control.forTenant(tenantId, async (tx) => {
    for (const [type, data] of [['tenant.moved_out', facts], ['tenant.moved_in', { ...facts, digest, rows: 682, tables: 90 }]] as const) {
      await appendAudit(tx, { at: new Date(), type, tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'system', id: 'tenant-move' }, subject: { kind: 'tenant', id: tenantId }, data });
    }
    await tx.change({ name: 'test.move', text: `INSERT INTO control.tenant_moves (tenant_id, id, state, from_cell, to_cell, digest, rows, objects) VALUES ($1, $2, 'cut_over', 'us-1', 'local', $3, 682, 13)` }, [tenantId, id, digest]);
  });
  const found = verifyEvidence((await built({ kind: 'tenant_move', subject_id: id })).bytes, { trustedKeys: keys });
  expect(found.proofs.map(({ check }) => check).slice(-3)).toEqual(['request', 'left', 'arrived']);
}, 60_000);

it('is refused for a period that has not ended, for what is not there, and to who may not', async () => {
  const future = { kind: 'period', from: new Date().toISOString(), to: new Date(Date.now() + 60_000).toISOString() };
  expect((await plane.api('POST', '/api/v1/evidence-packages', { json: future })).body).toMatchObject({ code: 'evidence_period_invalid' });
  expect((await plane.api('POST', '/api/v1/evidence-packages', { json: { kind: 'approval', subject_id: newId('approval') } })).status).toBe(404);
  expect((await plane.api('POST', '/api/v1/evidence-packages', { json: { kind: 'period' } })).body).toMatchObject({ code: 'request_invalid' });
  const viewer = await plane.principal(['viewer']);
  expect((await plane.api('GET', '/api/v1/evidence-packages', { key: viewer.key })).status).toBe(403);
  const other = await plane.principal(['auditor'], await plane.otherTenant());
  const list = (await plane.api('GET', '/api/v1/evidence-packages')).body['items'] as Array<{ id: string }>;
  expect(list.length).toBeGreaterThan(0);
  expect((await plane.api('GET', `/api/v1/evidence-packages/${list[0]!.id}`, { key: other.key })).status).toBe(404);
  expect((await plane.api('GET', '/api/v1/evidence-packages', { key: other.key })).body).toMatchObject({ items: [] });
});
