import { afterEach, beforeEach, expect, it } from 'vitest';
import { Plant, step } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import type { RunSnapshot } from '../testing/queries.ts';
import type { WriteFault } from '../testing/ledger-server.ts';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';

/** Changes a record by an action that the ledger cannot be asked about. */
const STAMP: WorkflowDefinition = {
  api_version: 'countersign.dev/v1', name: 'stamp', description: '', trigger: { connector: 'ledger', event: 'record.created' }, models: {},
  steps: [
    step({ id: 'change', uses: 'ledger/record.stamp', with: { id: '${{ trigger.id }}', category: 'done' } }),
    step({ id: 'check', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' }, needs: ['change'] }),
  ],
};

interface Question { readonly id: string; readonly kind: string; readonly state: string; readonly call_id: string | null; readonly tier: string; readonly required_role: string }

let plant: Plant;
beforeEach(async () => { plant = await Plant.open([STAMP]); });
afterEach(() => plant.close());

const inTenant = <T extends object>(name: string, text: string): Promise<T[]> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<T>(sql(name, text)));
const questions = (): Promise<Question[]> => inTenant('questions', `SELECT id, kind, state, call_id, tier, required_role FROM control.approvals WHERE kind = 'outcome' ORDER BY requested_at`);
const calls = (): Promise<Array<{ id: string; state: string; idempotency_key: string; receipt: object | null; error: { code: string } | null }>> =>
  inTenant('stamp_calls', `SELECT id, state, idempotency_key, receipt, error FROM execution.tool_calls WHERE risk = 'write' ORDER BY intended_at`);
const audited = (type: string): Promise<Array<{ actor: object; data: Record<string, unknown> }>> =>
  inTenant(`audited_${type}`, `SELECT body::jsonb->'actor' AS actor, body::jsonb->'data' AS data FROM audit.events WHERE type = '${type}' ORDER BY pending_no`);

/** A run whose write was approved and sent, and met `fault`; and the question that is then asked. */
async function sentAnd(fault: WriteFault): Promise<{ run: RunSnapshot; question: Question }> {
  plant.ledger.faults.push(fault);
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!);
  const question = await plant.until(async () => (await questions()).find((one) => one.state === 'pending') ?? null);
  return { run: (await plant.runs())[0]!, question };
}

it('what the ledger cannot tell, a person is asked; "it happened" is the outcome of the call, and nothing is sent again', async () => {
  await plant.startWorker();
  const { run, question } = await sentAnd('applied_then_hangs_up');
  expect(run.steps['change']).toMatchObject({ state: 'uncertain', error: { code: 'outcome_unknown' } });
  expect(question).toMatchObject({ kind: 'outcome', required_role: 'approver', call_id: (await calls())[0]!.id });

  await plant.answer(question.id, 'happened');
  const done = await plant.untilRun((now) => now.state === 'succeeded');
  expect(done.steps).toMatchObject({ change: { state: 'succeeded' }, check: { state: 'succeeded' } });
  expect(plant.ledger.effects).toHaveLength(1);
  expect(await calls()).toMatchObject([{ state: 'succeeded', receipt: { target_id: 'rec-1', verified_by_reading_back: false, said_by: { principal_id: plant.ids.personId, approval_id: question.id } } }]);

  expect((await audited('approval.requested')).at(-1)?.data).toMatchObject({ approval_kind: 'outcome', call_id: question.call_id });
  expect((await audited('call.outcome')).find(({ data }) => data['answer'] !== undefined)).toMatchObject({
    actor: { kind: 'person', id: plant.ids.personId }, data: { state: 'succeeded', answer: 'happened', said_by_approval: question.id },
  });
});

it('"it did not happen": it is sent again under the same approval and key, once', async () => {
  await plant.startWorker();
  const { question } = await sentAnd('hangs_up');
  await plant.answer(question.id, 'did_not_happen');
  await plant.untilRun((run) => run.state === 'succeeded');
  expect(plant.ledger.effects).toHaveLength(1);
  const [first, second, ...more] = await calls();
  expect([first, second]).toMatchObject([{ state: 'failed', error: { code: 'effect_not_found' } }, { state: 'succeeded' }]);
  expect(second!.idempotency_key).toBe(first!.idempotency_key);
  expect(more).toEqual([]);
  expect(await inTenant('kinds', 'SELECT kind, state FROM control.approvals ORDER BY requested_at')).toEqual([{ kind: 'action', state: 'consumed' }, { kind: 'outcome', state: 'answered' }]);
});

it('a question that nobody answers in time leaves a dead letter; redriven, it is asked again and nothing is sent on a guess', async () => {
  await plant.startWorker();
  const { run, question } = await sentAnd('applied_then_hangs_up');
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('late', `UPDATE control.approvals SET expires_at = clock_timestamp() WHERE id = $1`), [question.id]));
  expect(await plant.untilRun((now) => now.state === 'failed')).toMatchObject({ error: { code: 'outcome_unknown', step_key: 'change' }, steps: { change: { state: 'dead' } } });

  await plant.command(run.id, 'redrive');
  const again = await plant.until(async () => (await questions()).find((one) => one.state === 'pending') ?? null);
  expect(again.id).not.toBe(question.id);
  await plant.answer(again.id, 'happened');
  await plant.untilRun((now) => now.state === 'succeeded');
  expect(plant.ledger.effects).toHaveLength(1);
});

it('a run that is cancelled meanwhile waits for the answer, says what it could not stop, and sends nothing more', async () => {
  await plant.startWorker();
  const { run, question } = await sentAnd('hangs_up');
  await plant.command(run.id, 'cancel');
  expect(await plant.untilRun((now) => now.state === 'cancelling')).toMatchObject({
    error: { code: 'run_cancelled', data: { not_stopped: [{ step_key: 'change', state: 'uncertain', action: 'ledger/record.stamp' }] } },
  });
  await plant.answer(question.id, 'did_not_happen');
  expect(await plant.untilRun((now) => now.state === 'cancelled')).toMatchObject({ steps: { change: { state: 'cancelled' }, check: { state: 'cancelled' } } });
  expect(plant.ledger.effects).toEqual([]);
  expect(await calls()).toMatchObject([{ state: 'failed' }]);
});

it('workers ask, and cannot answer', async () => {
  await plant.startWorker();
  const { question } = await sentAnd('hangs_up');
  const own = plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('own_answer', `UPDATE control.approvals SET state = 'answered' WHERE id = $1`), [question.id]));
  await expect(own).rejects.toThrow(/cannot decide approval/);
});
