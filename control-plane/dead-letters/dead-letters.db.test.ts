import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedDeadLetter, seedWriteUnderWay } from '../testing/seeded-dead-letter.ts';
import { seedRun } from '../testing/seeded-run.ts';
import type { SeededRun } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
let operator: TestPrincipal;
let lost: SeededRun;
let exhausted: SeededRun;
let refused: SeededRun;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  operator = await plane.principal(['operator']);
  lost = await seedDeadLetter(plane, 'outcome_unknown');
  exhausted = await seedDeadLetter(plane, 'attempts_exhausted');
  refused = await seedDeadLetter(plane, 'policy_denied', { state: 'failed' });
});
afterAll(() => plane.stop());

const list = async (query = '', key = operator.key): Promise<string[]> => ((await plane.api('GET', `/api/v1/dead-letters${query}`, { key })).body['items'] as Array<{ id: string }>).map((item) => item.id);
const redrive = (json: Record<string, unknown>, headers: Record<string, string> = {}): Promise<ApiReply> => plane.api('POST', '/api/v1/dead-letters/redrive', { key: operator.key, headers, json: { reason: 'It is mended', ...json } });
const commandsOf = (bulkId: unknown): Promise<Array<{ kind: string; run_id: string; step_key: string | null; reason: string; requested_by: string }>> => plane.database.execution.forTenant(plane.tenant.tenantId, (tx) =>
  tx.rows({ name: 'test.commands_of', text: 'SELECT kind, run_id, step_key, reason, requested_by FROM execution.commands WHERE bulk_id = $1 ORDER BY run_id' }, [bulkId]));
/** As a worker does. */
const handle = (bulkId: unknown, didSomething: boolean): Promise<number> => plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: 'test.handle', text: `
  UPDATE execution.commands SET handled_at = clock_timestamp(), did_something = $2 WHERE id = (SELECT id FROM execution.commands WHERE bulk_id = $1 AND handled_at IS NULL LIMIT 1)` }, [bulkId, didSomething]));

describe('dead letters', () => {
  test('have their whole context', async () => {
    const { body } = await plane.api('GET', `/api/v1/dead-letters?code=outcome_unknown`, { key: operator.key });
    expect(body['items']).toMatchObject([{
      id: lost.stepId, step_key: 'update', state: 'dead', error: { code: 'outcome_unknown' }, run: { id: lost.runId, workflow_name: 'triage', environment: 'prod', state: 'failed' },
      attempts: [{ worker: 'worker-9', attempt: 1 }], decision: { outcome: 'ALLOW' }, approval: null,
      call: { action: 'desk/ticket.update', state: 'uncertain', action_digest: 'sha256:1', parameters_digest: null },
    }]);
  });

  test('are filtered, the latest first, and only of one\'s own workspace', async () => {
    expect(await list()).toEqual([exhausted.stepId, lost.stepId]);
    expect(await list('?state=failed')).toEqual([refused.stepId]);
    expect(await list('?state=dead,failed')).toEqual([refused.stepId, exhausted.stepId, lost.stepId]);
    expect(await list('?workflow=other')).toEqual([]);
    expect(await list('?step=update&uses=desk/ticket.update&environment=prod&workflow=triage')).toHaveLength(2);
    expect(await list(`?since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    const page = await plane.api('GET', '/api/v1/dead-letters?limit=1', { key: operator.key });
    expect(await list(`?limit=1&cursor=${String(page.body['next_cursor'])}`)).toEqual([lost.stepId]);
    const tenant = await plane.otherTenant();
    await seedDeadLetter(plane, 'internal', { tenant });
    expect(await list('', (await plane.principal(['operator'], tenant)).key)).toHaveLength(1);
    expect(await list()).toHaveLength(2);
  });
});

describe('redriving many', () => {
  test('is a job: one command for each that matched, with reason, actor and audit, and its progress is read', async () => {
    const { status, body } = await redrive({ filter: { code: 'attempts_exhausted' } });
    expect([status, body]).toMatchObject([202, { kind: 'redrive', state: 'queued', total: 1, done: 0, skipped: 0, requested_by: operator.id, reason: 'It is mended', selection: { filter: { code: 'attempts_exhausted' } } }]);
    expect(await commandsOf(body['id'])).toEqual([{ kind: 'redrive', run_id: exhausted.runId, step_key: 'update', reason: 'It is mended', requested_by: operator.id }]);
    const event = (await plane.auditEvents()).find((one) => one.type === 'bulk_command.requested' && one.subject.id === body['id']);
    expect(event).toMatchObject({ actor: { kind: 'person', id: operator.id }, data: { command: 'redrive', total: 1 } });
    expect(JSON.stringify(event)).not.toContain('It is mended');

    await handle(body['id'], true);
    const after = (await plane.api('GET', `/api/v1/bulk-commands/${String(body['id'])}`, { key: operator.key })).body;
    expect(after).toMatchObject({ state: 'finished', done: 1, skipped: 0 });
    expect(after['finished_at']).not.toBeNull();
  });

  test('by ids takes what was refused, too; what there was nothing to do for is counted apart', async () => {
    const { body } = await redrive({ ids: [refused.stepId, lost.stepId, 'stp_of_nobody'] });
    expect(body['total']).toBe(2);
    await handle(body['id'], false);
    expect((await plane.api('GET', `/api/v1/bulk-commands/${String(body['id'])}`, { key: operator.key })).body).toMatchObject({ state: 'running', done: 0, skipped: 1 });
    expect(((await plane.api('GET', '/api/v1/bulk-commands?limit=1', { key: operator.key })).body['items'] as Array<{ id: string }>)[0]?.id).toBe(body['id']);
  });

  test('asked twice with one key is one job', async () => {
    const key = { 'idempotency-key': 'redrive-1' };
    const first = await redrive({ ids: [lost.stepId] }, key);
    const second = await redrive({ ids: [lost.stepId] }, key);
    expect(second.body['id']).toBe(first.body['id']);
    expect((await redrive({ ids: [refused.stepId] }, key)).body['code']).toBe('idempotency_key_reused');
  });

  test('of nothing, or of what is not said, is refused', async () => {
    expect((await redrive({ filter: { code: 'no_such' } })).body['code']).toBe('selection_empty');
    expect((await redrive({})).body['code']).toBe('request_invalid');
    expect((await redrive({ ids: [lost.stepId], filter: { code: 'x' } })).body['code']).toBe('request_invalid');
  });

  test('another tenant neither redrives nor reads it', async () => {
    const stranger = await plane.principal(['admin'], await plane.otherTenant());
    const { body } = await redrive({ ids: [lost.stepId] });
    expect((await plane.api('GET', `/api/v1/bulk-commands/${String(body['id'])}`, { key: stranger.key })).status).toBe(404);
    const theirs = await plane.api('POST', '/api/v1/dead-letters/redrive', { key: stranger.key, json: { ids: [lost.stepId], reason: 'mine' } });
    expect(theirs.body['code']).toBe('selection_empty');
  });
});

describe('cancelling', () => {
  test('many runs is a job over what has not ended', async () => {
    const run = await seedRun(plane, plane.tenant, { subject: 'one-of-many' });
    const { status, body } = await plane.api('POST', '/api/v1/run-cancellations', { key: operator.key, json: { filter: { workflow: 'triage', state: ['running'] }, reason: 'It was a mistake' } });
    expect([status, body['kind']]).toEqual([202, 'cancel']);
    expect((await commandsOf(body['id'])).map((one) => [one.run_id, one.step_key])).toEqual([[run.runId, null]]);
  });

  test('one run answers with what is under way and will not be stopped', async () => {
    const run = await seedWriteUnderWay(plane);
    const { status, body } = await plane.api('POST', `/api/v1/runs/${run.runId}/cancel`, { key: operator.key, json: { reason: 'It was a mistake' } });
    expect([status, body['not_stopped']]).toEqual([202, [{ step_key: 'update', state: 'leased', action: 'desk/ticket.update' }]]);
  });
});

test('pausing and resuming is asked for with a reason, audited, and refused where there is nothing to do', async () => {
  const run = await seedRun(plane);
  const ask = (what: string): Promise<ApiReply> => plane.api('POST', `/api/v1/runs/${run.runId}/${what}`, { key: operator.key, json: { reason: 'Wait a moment' } });
  expect((await ask('resume')).body['code']).toBe('run_not_paused');
  expect((await ask('pause')).status).toBe(202);
  // As a worker does.
  await plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: 'test.pause', text: `UPDATE execution.runs SET paused_at = clock_timestamp(), paused_by = $2, pause_reason = 'Wait a moment' WHERE id = $1` }, [run.runId, operator.id]));
  expect((await plane.api('GET', `/api/v1/runs/${run.runId}`, { key: operator.key })).body).toMatchObject({ paused_by: operator.id, pause_reason: 'Wait a moment', paused_at: expect.any(String) });
  expect((await ask('pause')).body['code']).toBe('run_not_pausable');
  expect((await ask('resume')).status).toBe(202);
  expect(await plane.auditTypes(run.runId)).toEqual(['run.pause_requested', 'run.resume_requested']);
  const { runId } = await seedDeadLetter(plane, 'internal');
  expect((await plane.api('POST', `/api/v1/runs/${runId}/pause`, { key: operator.key, json: { reason: 'Wait a moment' } })).body['code']).toBe('run_not_pausable');
});
