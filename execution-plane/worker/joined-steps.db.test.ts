import { afterEach, beforeEach, expect, it } from 'vitest';
import { Plant, step, TRIAGE } from '../testing/plant.ts';

/** Two reads beside each other, and a step that needs what both have found. */
const JOINED = {
  ...TRIAGE,
  steps: [
    step({ id: 'one', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' } }),
    step({ id: 'other', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' } }),
    step({ id: 'both', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' }, needs: ['one', 'other'], if: 'steps.one.output.title == steps.other.output.title' }),
  ],
};

let plant: Plant;
beforeEach(async () => { plant = await Plant.open([JOINED]); });
afterEach(() => plant.close());

it('whichever ends last, the step that needs both sees both', async () => {
  await plant.startWorker();
  await plant.raise('printers');
  const run = await plant.untilRun(({ state }) => state === 'succeeded' || state === 'failed');
  expect(run).toMatchObject({ state: 'succeeded', steps: { both: { state: 'succeeded' } } });
});
