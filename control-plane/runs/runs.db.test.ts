import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { seedRun } from '../testing/seeded-run.ts';
import type { SeededRun } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

const asExecution = (text: string, values: unknown[], tenantId = plane.tenant.tenantId): Promise<number> =>
  plane.database.execution.forTenant(tenantId, (tx) => tx.change({ name: `test.${hash('sha256', text, 'hex').slice(0, 12)}`, text }, values));

/** What a worker leaves behind: an attempt, a decision, a call, its cost, and an output that is content. */
async function seedHistory(run: SeededRun, amount = '0.001000000'): Promise<{ contentId: string }> {
  const { tenantId, environmentId } = plane.tenant;
  const [contentId, decisionId, callId] = [newId('content'), newId('decision'), newId('tool_call')];
  const output = { category: 'network', note: 'what the ticket says' };
  const bytes = canonicalBytes(output);
  await asExecution(`INSERT INTO execution.contents (tenant_id, id, kind, sealed, sha256, size_bytes, expires_at) VALUES ($1, $2, 'output', $3, $4, $5, clock_timestamp() + interval '1 day')`,
    [tenantId, contentId, await plane.keys.seal(tenantId, 'content', contentId, bytes), hash('sha256', bytes, 'hex'), bytes.length]);
  await asExecution('UPDATE execution.steps SET output_content_id = $3 WHERE tenant_id = $1 AND id = $2', [tenantId, run.stepId, contentId]);
  await asExecution(`INSERT INTO execution.step_attempts (tenant_id, step_id, attempt, fence, worker) VALUES ($1, $2, 1, 9007199254740993, 'w1')`, [tenantId, run.stepId]);
  await asExecution(`INSERT INTO execution.decisions (tenant_id, id, run_id, step_id, call_key, action, action_digest, outcome, reasons, bundle_revision, bundle_seq, bundle_age_ms, input_digest, evaluated_us)
    VALUES ($1, $2, $3, $4, 'main', 'desk/ticket.get', 'sha256:0', 'ALLOW', '[{"rule":"itsm.reads","message":"Reads are allowed."}]', 'base', 3, 1200, 'sha256:1', 40)`, [tenantId, decisionId, run.runId, run.stepId]);
  await asExecution(`INSERT INTO execution.tool_calls (tenant_id, id, environment_id, run_id, step_id, call_key, fence, attempt, action, risk, connector_version, action_digest, idempotency_key, decision_id)
    VALUES ($1, $2, $3, $4, $5, 'main', 1, 1, 'desk/ticket.get', 'read', '1.0.0', 'sha256:0', $2, $6)`, [tenantId, callId, environmentId, run.runId, run.stepId, decisionId]);
  await asExecution(`INSERT INTO execution.cost_lines (tenant_id, id, run_id, call_id, meter, quantity, unit, price, amount_usd) VALUES ($1, $2, $3, $4, 'cpu', 0.5, 's', '{"meter":"cpu"}', $5)`,
    [tenantId, newId('cost_line'), run.runId, callId, amount]);
  await asExecution('UPDATE execution.runs SET cost_usd = cost_usd + $3::numeric WHERE tenant_id = $1 AND id = $2', [tenantId, run.runId, amount]);
  return { contentId };
}

describe('one run', () => {
  test('has its steps, attempts, decisions, calls and costs; digits are not lost', async () => {
    const run = await seedRun(plane);
    await seedHistory(run);
    const { body } = await plane.api('GET', `/api/v1/runs/${run.runId}`);
    expect(body).toMatchObject({
      state: 'running', environment: 'prod', cost_usd: '0.001000000', trigger: { source: 'webhook', event: 'ticket.created' }, evidence: null,
      steps: [{ key: 'update', output: { category: 'network' }, attempts: [{ attempt: 1, fence: '9007199254740993' }] }],
      decisions: [{ outcome: 'ALLOW', bundle_seq: 3, bundle_age_ms: 1200 }], calls: [{ state: 'intended' }], costs: [{ meter: 'cpu', amount_usd: '0.001000000' }],
    });
  });

  test('shows content only to roles that may see it, and no longer than it is kept', async () => {
    const run = await seedRun(plane);
    const { contentId } = await seedHistory(run);
    const outputFor = async (role: (typeof EVERY_ROLE)[number]): Promise<unknown> =>
      ((await plane.api('GET', `/api/v1/runs/${run.runId}`, { key: (await plane.principal([role])).key })).body['steps'] as Array<{ output: unknown }>)[0]?.output;
    for (const role of ['operator', 'author', 'approver', 'admin'] as const) expect(await outputFor(role)).toMatchObject({ category: 'network' });
    for (const role of ['viewer', 'auditor', 'policy-admin'] as const) expect(await outputFor(role)).toBeNull();
    await asExecution('UPDATE execution.contents SET sealed = NULL, shredded_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2', [plane.tenant.tenantId, contentId]);
    expect(await outputFor('admin')).toBeNull();
  });

  test('of another tenant is not there: same status, same words', async () => {
    const run = await seedRun(plane);
    const stranger = await plane.principal(EVERY_ROLE, await plane.otherTenant());
    for (const [method, suffix, json] of [['GET', '', undefined], ['GET', '/evidence', undefined], ['POST', '/cancel', { reason: 'because' }], ['POST', '/redrive', { reason: 'because' }]] as const) {
      const ask = (id: string): Promise<ApiReply> => plane.api(method, `/api/v1/runs/${id}${suffix}`, { key: stranger.key, ...(json === undefined ? {} : { json }) });
      const [there, nowhere] = [await ask(run.runId), await ask(newId('run'))];
      expect([there.status, there.body['code'], there.body['detail']]).toEqual([404, 'not_found', nowhere.body['detail']]);
    }
    expect((await plane.api('GET', '/api/v1/runs', { key: stranger.key })).body['items']).toEqual([]);
  });
});

describe('the list', () => {
  test('pages without losing or repeating one, and finds by state and text', async () => {
    const runs: string[] = [];
    for (let n = 0; n < 5; n += 1) runs.push((await seedRun(plane, plane.tenant, { state: 'waiting' })).runId);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: ApiReply = await plane.api('GET', `/api/v1/runs?limit=2&state=waiting${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...(page.body['items'] as Array<{ id: string }>).map((item) => item.id));
      cursor = page.body['next_cursor'] as string | null;
    } while (cursor !== null);
    expect(seen).toEqual(runs.toReversed());
    const found = async (query: string): Promise<number> => ((await plane.api('GET', `/api/v1/runs?limit=200&${query}`)).body['items'] as unknown[]).length;
    expect(await found(`q=${runs[0] ?? ''}`)).toBe(1);
    // The label is `T100%`: the percent sign is a percent sign, not a wildcard.
    expect(await found('q=T100%25')).toBeGreaterThanOrEqual(5);
    expect(await found('q=T%25100')).toBe(0);
    expect(await found('workflow=nothing')).toBe(0);
    expect(await found('state=waiting,succeeded')).toBe(5);
  });

  test.each(['limit=0', 'limit=201', 'limit=x', 'state=lost', 'cursor=%00', 'cursor=YQ', 'limit=1&limit=2', 'unknown=1', 'q=%00'])('refuses %s', async (query) => {
    const reply = await plane.api('GET', `/api/v1/runs?${query}`);
    expect([reply.status, reply.body['code']]).toEqual([400, 'request_invalid']);
  });
});

describe('commands', () => {
  test('are durable, audited with who and why by digest, and told to the workers', async () => {
    const run = await seedRun(plane);
    const heard = Promise.withResolvers<void>();
    const listener = new Listener(plane.database.executionUrl, { countersign_commands: () => heard.resolve() }, () => undefined);
    await listener.start();
    const reply = await plane.api('POST', `/api/v1/runs/${run.runId}/cancel`, { json: { reason: 'Opened by mistake' } });
    expect(reply.status).toBe(202);
    await heard.promise;
    await listener.stop();
    const { tenantId } = plane.tenant;
    const rows = await plane.database.execution.forTenant(tenantId, (tx) => tx.rows({ name: 'test.commands', text: 'SELECT id, kind, reason FROM execution.commands WHERE tenant_id = $1 AND run_id = $2' }, [tenantId, run.runId]));
    expect(rows).toEqual([{ id: reply.body['command_id'], kind: 'cancel', reason: 'Opened by mistake' }]);
    expect(await plane.auditTypes(run.runId)).toEqual(['run.cancel_requested']);
    expect(JSON.stringify(await plane.auditEvents())).not.toContain('Opened by mistake');
  });

  test('that cannot be carried out are refused', async () => {
    const ended = await seedRun(plane, plane.tenant, { state: 'succeeded' });
    const post = (suffix: string, reason: string): Promise<ApiReply> => plane.api('POST', `/api/v1/runs/${ended.runId}/${suffix}`, { json: { reason } });
    expect((await post('cancel', 'too late')).body['code']).toBe('run_not_cancellable');
    expect((await post('redrive', 'nothing dead')).body['code']).toBe('run_not_redrivable');
    expect((await post('cancel', '    ')).body['code']).toBe('request_invalid');
    expect(await plane.auditTypes(ended.runId)).toEqual([]);
  });

  test('redrive takes a run with a dead step', async () => {
    const run = await seedRun(plane, plane.tenant, { state: 'failed' });
    const { tenantId } = plane.tenant;
    await asExecution(`UPDATE execution.steps SET state = 'leased', lease_owner = 'w', lease_expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`, [tenantId, run.stepId]);
    await asExecution(`UPDATE execution.steps SET state = 'dead', lease_owner = NULL, lease_expires_at = NULL WHERE tenant_id = $1 AND id = $2`, [tenantId, run.stepId]);
    expect((await plane.api('POST', `/api/v1/runs/${run.runId}/redrive`, { json: { reason: 'The desk is back' } })).status).toBe(202);
  });
});

describe('evidence', () => {
  /** As the worker does it: the row, and the run that points to it. */
  async function build(run: SeededRun, stored: Buffer, sha256: string): Promise<string> {
    const { tenantId } = plane.tenant;
    const [id, objectKey] = [newId('evidence'), `evidence/${run.runId}.zip`];
    await new FolderObjects(plane.config.objectsFolder).put(objectKey, stored);
    await asExecution('INSERT INTO execution.evidence (tenant_id, run_id, id, object_key, sha256, size_bytes) VALUES ($1, $2, $3, $4, $5, $6)', [tenantId, run.runId, id, objectKey, sha256, stored.length]);
    await asExecution('UPDATE execution.runs SET evidence_id = $3 WHERE tenant_id = $1 AND id = $2', [tenantId, run.runId, id]);
    return id;
  }

  test('says when it is not there yet, then is given byte for byte and every download is audited', async () => {
    const run = await seedRun(plane, plane.tenant, { state: 'succeeded' });
    const download = (): Promise<ApiReply> => plane.api('GET', `/api/v1/runs/${run.runId}/evidence`);
    const early = await download();
    expect([early.status, early.body['code'], early.headers.get('retry-after')]).toEqual([409, 'evidence_not_ready', '2']);
    const zip = Buffer.from('PK bytes of a bundle');
    const evidenceId = await build(run, zip, hash('sha256', zip, 'hex'));
    const reply = await download();
    expect(reply.bytes.equals(zip)).toBe(true);
    expect(reply.headers.get('content-disposition')).toBe(`attachment; filename="${run.runId}.evidence.zip"`);
    expect(reply.headers.get('digest')).toBe(`sha-256=${hash('sha256', zip, 'base64')}`);
    expect(await plane.auditTypes(evidenceId)).toEqual(['evidence.downloaded']);
    // A redrive takes the run's evidence back until there is a new one.
    await asExecution('UPDATE execution.runs SET evidence_id = NULL WHERE tenant_id = $1 AND id = $2', [plane.tenant.tenantId, run.runId]);
    expect((await download()).body['code']).toBe('evidence_not_ready');
  });

  test('whose stored bytes are not those that were built is not given', async () => {
    const run = await seedRun(plane, plane.tenant, { state: 'succeeded' });
    await build(run, Buffer.from('altered'), hash('sha256', 'built', 'hex'));
    expect((await plane.api('GET', `/api/v1/runs/${run.runId}/evidence`)).body['code']).toBe('internal');
  });
});

test('the cost report counts a ticket once and keeps every digit', async () => {
  const key = (await plane.principal(['viewer'], await plane.otherTenant())).key;
  expect((await plane.api('GET', '/api/v1/reports/cost-per-ticket', { key })).body).toMatchObject({ tickets: 0, total_usd: '0.000000000', usd_per_ticket: null, by_meter: [] });
  const from = new Date().toISOString();
  for (const [subject, amount] of [['same', '0.000000001'], ['same', '0.000000002'], ['other', '0.000000003']] as const) {
    await seedHistory(await seedRun(plane, plane.tenant, { subject }), amount);
  }
  expect((await plane.api('GET', `/api/v1/reports/cost-per-ticket?from=${from}`)).body).toMatchObject({
    tickets: 2, total_usd: '0.000000006', usd_per_ticket: '0.000000003', by_meter: [{ meter: 'cpu', quantity: '1.500000000', unit: 's', amount_usd: '0.000000006' }], by_workflow: [{ workflow_name: 'triage', tickets: 2 }],
  });
  expect((await plane.api('GET', `/api/v1/reports/cost-per-ticket?from=${from}&to=${from}`)).body['code']).toBe('request_invalid');
  expect((await plane.api('GET', '/api/v1/reports/cost-per-ticket?from=yesterday')).body['code']).toBe('request_invalid');
});
