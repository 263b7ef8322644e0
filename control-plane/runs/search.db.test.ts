import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { seedApproval, seedRun } from '../testing/seeded-run.ts';
import { LOOKED_AT } from './repository-search.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' }); });
afterAll(() => plane.stop());

const asExecution = (text: string, values: unknown[]): Promise<number> =>
  plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${newId('request')}`, text }, values));

interface Found { readonly ids: string[]; readonly next: string | null; readonly backTo: string | null }

async function search(query: Record<string, string>): Promise<Found> {
  const { status, body } = await plane.api('GET', `/api/v1/runs?${new URLSearchParams(query).toString()}`);
  expect(status).toBe(200);
  return { ids: (body['items'] as Array<{ id: string }>).map(({ id }) => id), next: body['next_cursor'] as string | null, backTo: body['searched_back_to'] as string | null };
}

describe('a search finds runs by', () => {
  test('their id, whole or in part, their subject and its label', async () => {
    const { runId } = await seedRun(plane, plane.tenant, { subject: 'sys-id-4711' });
    for (const q of [runId, runId.slice(8), 'SYS-ID-47', 'id-4711']) expect((await search({ q })).ids).toContain(runId);
    expect((await search({ q: 'T100%', workflow: 'triage' })).ids).toContain(runId);
    expect((await search({ q: 'T100_' })).ids).toEqual([]);
    expect((await search({ q: newId('run') })).ids).toEqual([]);
  });

  test('state, environment, workflow and time', async () => {
    const { runId } = await seedRun(plane, plane.tenant, { state: 'waiting' });
    const at = await createdAt(runId);
    expect((await search({ state: 'waiting,queued', environment: 'prod', workflow: 'triage', from: at, to: later(at, 1_000) })).ids).toEqual([runId]);
    expect((await search({ state: 'waiting', environment: 'dev' })).ids).not.toContain(runId);
    expect((await search({ to: at })).ids).not.toContain(runId);
    expect((await search({ state: 'failed', from: at })).ids).not.toContain(runId);
  });

  test('the code of an error, of the run or of a step, and the step that is at work', async () => {
    const [byRun, byStep] = [await seedRun(plane, plane.tenant, { state: 'failed' }), await seedRun(plane)];
    await asExecution(`UPDATE execution.runs SET error = '{"code":"policy_denied","message":"No."}' WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, byRun.runId]);
    await asExecution(`UPDATE execution.steps SET error = '{"code":"policy_denied","message":"No."}' WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, byStep.stepId]);
    expect((await search({ error_code: 'policy_denied' })).ids).toEqual([byStep.runId, byRun.runId]);
    expect((await search({ error_code: 'policy_denied', state: 'failed' })).ids).toEqual([byRun.runId]);
    expect((await search({ step: 'update' })).ids).toContain(byStep.runId);
    expect((await search({ step: 'upd' })).ids).toEqual([]);
  });

  test('whether they are paused, and whether a person must look', async () => {
    const [paused, dead, fine] = [await seedRun(plane), await seedRun(plane), await seedRun(plane)];
    await asExecution(`UPDATE execution.runs SET paused_at = clock_timestamp(), paused_by = 'prn', pause_reason = 'So.' WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, paused.runId]);
    await asExecution(`UPDATE execution.steps SET state = 'leased', lease_owner = 'w', lease_expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, dead.stepId]);
    await asExecution(`UPDATE execution.steps SET state = 'dead', lease_owner = NULL, lease_expires_at = NULL WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, dead.stepId]);
    const asked = await seedApproval(plane);
    expect((await search({ paused: 'true' })).ids).toEqual([paused.runId]);
    expect(new Set((await search({ attention: 'true' })).ids)).toEqual(new Set([dead.runId, asked.runId]));
    const calm = (await search({ attention: 'false', paused: 'false' })).ids;
    expect(calm).toContain(fine.runId);
    for (const { runId } of [paused, dead, asked]) expect(calm).not.toContain(runId);
  });
});

test('a page looks at so many runs and says how far it got: the next goes on there, and what matches is found however far back', async () => {
  const { tenantId, workspaceId, environmentId } = plane.tenant;
  const needle = await seedRun(plane, plane.tenant, { subject: 'a-needle' });
  await asExecution(`
    INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key, subject)
    SELECT $1, 'run_x' || lpad(i::text, 8, '0'), $2, $3, 'wfl', 'triage', 1, 'sha256:00', '{}', 'event', 'x' || i, 'hay' FROM generate_series(1, $4::int) i`, [tenantId, workspaceId, environmentId, LOOKED_AT + 10]);
  const first = await search({ q: 'a-needle' });
  expect([first.ids, first.next === null, first.backTo === null]).toEqual([[], false, false]);
  const second = await search({ q: 'a-needle', cursor: first.next ?? '' });
  expect([second.ids, second.next]).toEqual([[needle.runId], null]);
  // Pages of what does match neither repeat nor leave out.
  const pages: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Found = await search({ q: 'hay', limit: '200', from: await createdAt(needle.runId), to: '2999-01-01T00:00:00Z', ...(cursor === undefined ? {} : { cursor }) });
    pages.push(...page.ids);
    cursor = pages.length >= 1_000 ? null : page.next;
  }
  expect(new Set(pages).size).toBe(1_000);
});

test('what is looked at is found in an index, also when a million went well', async () => {
  const { tenantId, workspaceId } = plane.tenant;
  const plan = async (where: string, bound = LOOKED_AT): Promise<string> => plane.database.control.forTenant(tenantId, async (tx) => {
    const rows = await tx.rows<{ 'QUERY PLAN': string }>({ name: `test.plan.${newId('request')}`, text: `EXPLAIN SELECT r.id FROM execution.runs r WHERE r.tenant_id = '${tenantId}' AND r.workspace_id = '${workspaceId}' ${where} ORDER BY r.created_at DESC, r.id DESC LIMIT ${bound}` });
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
  const owner = new Database({ url: plane.database.adminUrl, applicationName: 'test analyze' });
  await owner.pool.query('ANALYZE execution.runs');
  await owner.close();
  expect(await plan('', 50)).toMatch(/Index.*runs_by_time/);
  expect(await plan(`AND r.state IN ('failed', 'cancelled')`, 50)).toMatch(/runs_ended_badly/);
  expect(await plan('AND r.paused_at IS NOT NULL', 50)).toMatch(/runs_paused/);
});

async function createdAt(runId: string): Promise<string> {
  const row = await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.one<{ at: string }>({ name: 'test.created', text: `SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at FROM execution.runs WHERE tenant_id = $1 AND id = $2` }, [plane.tenant.tenantId, runId]));
  return row.at;
}

function later(at: string, ms: number): string {
  return new Date(new Date(at).getTime() + ms).toISOString();
}
