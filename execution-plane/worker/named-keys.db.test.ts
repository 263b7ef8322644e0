import { afterEach, expect, it } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import type { RunSnapshot } from '../testing/queries.ts';

let plant: Plant;
afterEach(() => plant.close());

/** Changes one record, the same for every run, under a key of the workflow's own. */
function keyed(key: string, category = 'network'): WorkflowDefinition {
  return { ...TRIAGE, steps: [step({ id: 'change', uses: 'ledger/record.update', with: { id: 'rec-1', category }, idempotency_key: key })] };
}

/** The runs, once `is` holds of all of them. */
function untilAll(is: (run: RunSnapshot) => boolean, count: number): Promise<RunSnapshot[]> {
  return plant.until(async () => {
    const runs = await plant.runs();
    return runs.length === count && runs.every(is) ? runs : null;
  });
}

it('two runs with one key make one effect: the second is given the outcome of the first and asks nobody', async () => {
  plant = await Plant.open([keyed('${{ "rec-1" }}:triage')]);
  await plant.startWorker();
  await plant.raise('first', 'rec-1');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!);
  await plant.untilRun((run) => run.state === 'succeeded');
  await plant.raise('second', 'rec-2');
  const runs = await untilAll((run) => run.state === 'succeeded', 2);
  expect(runs.map((run) => run.steps['change']?.approval_id !== null)).toEqual([true, false]);
  expect(plant.ledger.effects).toHaveLength(1);
});

it('a second run with the key and other parameters is refused for good', async () => {
  plant = await Plant.open([{ ...keyed('rec-1:triage'), steps: [step({ id: 'change', uses: 'ledger/record.update', with: { id: 'rec-1', category: '${{ trigger.title }}' }, idempotency_key: 'rec-1:triage' })] }]);
  await plant.startWorker();
  await plant.raise('first', 'rec-1');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!);
  await plant.untilRun((run) => run.state === 'succeeded');
  await plant.raise('second', 'rec-2');
  const [, second] = await untilAll((run) => run.state === 'succeeded' || run.state === 'failed', 2);
  expect(second).toMatchObject({ state: 'failed', error: { code: 'idempotency_conflict', message: expect.stringContaining('rec-1:triage') as string }, steps: { change: { state: 'dead' } } });
  expect(plant.ledger.effects).toHaveLength(1);
});

it.each([
  ['a text', 'the printer is broken', 'idempotency_key_invalid'],
  ['an expression that fails', '${{ trigger.nothing }}', 'expression_failed'],
])('%s is no key: the step is dead before anything is asked or sent', async (_what, key, code) => {
  plant = await Plant.open([keyed(key)]);
  await plant.startWorker();
  await plant.raise('first', 'rec-1');
  const failed = await plant.untilRun((run) => run.state === 'failed');
  expect(failed).toMatchObject({ error: { code }, steps: { change: { state: 'dead', approval_id: null } } });
  expect(plant.ledger.effects).toEqual([]);
});
