import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { Contents } from '../contents/contents.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import type { RunSnapshot } from '../testing/queries.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
afterEach(() => plant.close());

const READ_ITEM = step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ item.id }}' } });
const SHAPE = step({ id: 'shape', uses: 'transform', needs: ['read'], with: { place: '${{ index + 1 }}', title: '${{ steps.read.output.title }}', by: '${{ trigger.by }}' } });

/** The ids stand in the workflow, because policy lets nobody else say which record is read. */
function mapped(ids: readonly string[], changes: Partial<StepDefinition> = {}, ...after: StepDefinition[]): WorkflowDefinition {
  const { with: parameters, ...others } = changes;
  return { ...TRIAGE, steps: [step({ id: 'all', uses: 'map', with: { items: ids.map((id) => ({ id })), concurrency: 2, ...parameters }, steps: [READ_ITEM, SHAPE], ...others }), ...after] };
}

/** Records, and an event; an id that no record has makes its item fail. */
async function raise(...ids: readonly string[]): Promise<void> {
  for (const id of ids) plant.ledger.records.set(id, { id, title: `title of ${id}`, category: 'none', version: 0 });
  await plant.deliver({ id: 'list', title: 'a list', version: 0, operation: 'create', by: 'somebody', list: [{ id: 'a' }] });
}

const hasEnded = ({ state }: RunSnapshot): boolean => ['succeeded', 'failed', 'cancelled'].includes(state);

async function outputOf(stepKey: string): Promise<{ output: JsonObject; parts: Record<string, string[]> }> {
  const row = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.one<{ id: string; sealed: Buffer; parts: Record<string, string[]> }>(sql('output', `
    SELECT c.id, c.sealed, s.output_part_labels AS parts FROM execution.steps s JOIN execution.contents c ON c.id = s.output_content_id WHERE s.key = $1`), [stepKey]));
  return { output: await plant.withKeys((keys) => new Contents(keys, 14).open<JsonObject>(plant.ids.tenantId, row.id, row.sealed)), parts: row.parts };
}

describe('a map', () => {
  it('does its steps for every item, and gives what the last of them gave, in the order of the list', async () => {
    plant = await Plant.open([mapped(['a', 'b', 'c', 'd', 'e'], {}, step({ id: 'after', uses: 'transform', needs: ['all'], with: { titles: '${{ steps.all.output.items.map(i, i.output.title) }}' } }))]);
    await plant.startWorker();
    await raise('a', 'b', 'c', 'd', 'e');
    const run = await plant.untilRun(hasEnded);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(Object.keys(run.steps)).toHaveLength(12);
    const { output, parts } = await outputOf('all');
    expect(output).toMatchObject({ failed: 0 });
    expect((output['items'] as JsonObject[])[4]).toEqual({ index: 4, state: 'succeeded', output: { place: 5, title: 'title of e', by: 'somebody' } });
    expect(parts).toMatchObject({ '/items/4/output/title': ['ticket_text'], '/items/4/output/place': ['configuration'], '/items/4/state': ['trusted_system'], '/failed': ['trusted_system'] });
    expect((await outputOf('after')).output).toEqual({ titles: ['a', 'b', 'c', 'd', 'e'].map((id) => `title of ${id}`) });
  });

  it('has no more items under way at once than it may', async () => {
    plant = await Plant.open([mapped(['a', 'b', 'c', 'd', 'e'])]);
    await plant.startWorker({ concurrency: 8 });
    plant.ledger.holdReads = true;
    const held = plant.ledger.requestHeld();
    await raise('a', 'b', 'c', 'd', 'e');
    await held;
    const run = await plant.untilRun(({ steps }) => steps['all[1].read']?.state === 'leased');
    expect(Object.values(run.steps).filter(({ state }) => state === 'leased' || state === 'ready')).toHaveLength(2);
    plant.ledger.holdReads = false;
    plant.ledger.release();
    expect(await plant.untilRun(hasEnded)).toMatchObject({ state: 'succeeded' });
  });

  it('fails by the first item that fails, begins no further one, and redriven goes on with what is missing', async () => {
    plant = await Plant.open([mapped(['a', 'b', 'c'], { with: { concurrency: 1 } })]);
    await plant.startWorker();
    await raise('a', 'c');
    const failed = await plant.untilRun(hasEnded);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'peer_not_found', step_key: 'all', message: expect.stringContaining('Item 1 failed in its step read') as unknown },
      steps: { all: { state: 'failed' }, 'all[0].shape': { state: 'succeeded' }, 'all[1].read': { state: 'dead' }, 'all[1].shape': { state: 'cancelled' }, 'all[2].read': { state: 'cancelled' } } });
    const { reads } = plant.ledger;
    plant.ledger.records.set('b', { id: 'b', title: 'found', category: 'none', version: 0 });
    await plant.command(failed.id, 'redrive');
    expect(await plant.untilRun(({ state }) => state === 'succeeded')).toMatchObject({ error: null, steps: { all: { state: 'succeeded' }, 'all[2].shape': { state: 'succeeded' } } });
    expect(plant.ledger.reads).toBe(reads + 2);
    expect((await outputOf('all')).output).toMatchObject({ failed: 0, items: [{}, { output: { title: 'found' } }, {}] });
  });

  it('goes on without items that fail, where it says so, and counts them', async () => {
    plant = await Plant.open([mapped(['a', 'b', 'c', 'd'], { on_item_failure: 'continue' })]);
    await plant.startWorker();
    await raise('b', 'c');
    expect(await plant.untilRun(hasEnded)).toMatchObject({ state: 'succeeded', steps: { 'all[0].read': { state: 'dead' } } });
    expect((await outputOf('all')).output).toEqual({ failed: 2, items: [
      { index: 0, state: 'failed', output: null, error: { code: 'peer_not_found', step: 'read' } }, { index: 1, state: 'succeeded', output: expect.anything() as unknown },
      { index: 2, state: 'succeeded', output: expect.anything() as unknown }, { index: 3, state: 'failed', output: null, error: { code: 'peer_not_found', step: 'read' } }] });
  });

  it('tries an item again, skips its steps by their conditions, and asks people about its writes', async () => {
    const change = step({ id: 'change', uses: 'ledger/record.update', if: "item.id != 'b'", needs: ['read'], with: { id: '${{ item.id }}', category: '${{ steps.read.output.title }}' } });
    plant = await Plant.open([mapped(['a', 'b', 'c'], { steps: [READ_ITEM, change] })]);
    await plant.startWorker();
    plant.ledger.faults.push('busy');
    await raise('a', 'b', 'c');
    const waiting = await plant.untilRun(({ state, steps }) => state === 'waiting' && steps['all[2].change']?.state === 'waiting');
    expect(waiting.steps).toMatchObject({ 'all[1].change': { state: 'skipped' } });
    for (const key of ['all[0].change', 'all[2].change']) await plant.vote(waiting.steps[key]!.approval_id!);
    const done = await plant.untilRun(hasEnded);
    expect(done).toMatchObject({ state: 'succeeded' });
    expect([done.steps['all[0].change']!.attempt, done.steps['all[2].change']!.attempt].toSorted()).toEqual([1, 2]);
    expect(plant.ledger.effects.map(({ id }) => id).toSorted()).toEqual(['a', 'c']);
    expect((await outputOf('all')).output).toMatchObject({ items: [{ output: { id: 'a' } }, { output: null }, { output: { id: 'c' } }] });
  });

  it('that is over its bound begins nothing, and says how many there are', async () => {
    plant = await Plant.open([mapped(['a', 'b', 'c'], { with: { max_items: 2 } })]);
    await plant.startWorker();
    await raise('a', 'b', 'c');
    expect(await plant.untilRun(hasEnded)).toMatchObject({ state: 'failed', error: { code: 'too_many_items', message: expect.stringContaining('has 3 items, and at most 2') as unknown }, steps: { all: { state: 'dead' } } });
    expect(plant.ledger.reads).toBe(0);
  });

  it('of more steps than one run may have begins nothing either', async () => {
    const steps = ['one', 'two', 'three', 'four'].map((id) => step({ id, uses: 'transform', with: { item: '${{ item.id }}' } }));
    plant = await Plant.open([mapped(Array.from({ length: 800 }, (_, i) => `r${i}`), { steps })]);
    await plant.startWorker();
    await raise('r0');
    expect(await plant.untilRun(hasEnded)).toMatchObject({ error: { code: 'too_many_items', message: expect.stringContaining('are 3200 steps, and at most 3000') as unknown } });
  });

  it('over what somebody typed is no way around policy: an item has the labels of its list', async () => {
    plant = await Plant.open([mapped([], { with: { items: '${{ trigger.list }}' } })]);
    await plant.startWorker();
    await raise('a');
    expect(await plant.untilRun(hasEnded)).toMatchObject({ state: 'failed', error: { code: 'policy_denied' }, steps: { 'all[0].read': { state: 'failed' } } });
    expect(plant.ledger.reads).toBe(0);
  });

  it('of nothing gives nothing', async () => {
    plant = await Plant.open([mapped([])]);
    await plant.startWorker();
    await raise();
    expect(await plant.untilRun(hasEnded)).toMatchObject({ state: 'succeeded' });
    expect((await outputOf('all')).output).toEqual({ items: [], failed: 0 });
  });

  it('whose worker is lost goes on with another, and does no item twice', async () => {
    const write = step({ id: 'change', uses: 'ledger/record.update', with: { id: '${{ item.id }}', category: 'x' } });
    plant = await Plant.open([mapped(['a', 'b', 'c'], { steps: [write] })]);
    await plant.startWorker({ leaseMs: 600, workerId: 'first' });
    await raise('a', 'b', 'c');
    const waiting = await plant.untilRun(({ steps }) => steps['all[0].change']?.state === 'waiting' && steps['all[1].change']?.state === 'waiting');
    plant.ledger.faults.push('held');
    const held = plant.ledger.requestHeld();
    await plant.vote(waiting.steps['all[0].change']!.approval_id!);
    await held;
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('lose', `UPDATE execution.steps SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE state = 'leased'`)));
    await plant.startWorker({ workerId: 'second' });
    await plant.vote(waiting.steps['all[1].change']!.approval_id!);
    const last = await plant.untilRun(({ steps }) => steps['all[2].change']?.state === 'waiting');
    await plant.vote(last.steps['all[2].change']!.approval_id!);
    expect(await plant.untilRun(hasEnded)).toMatchObject({ state: 'succeeded' });
    plant.ledger.release();
    expect(plant.ledger.effects.map(({ id }) => id).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('of a run that is cancelled ends: what has not begun is stopped', async () => {
    plant = await Plant.open([mapped(['a', 'b', 'c', 'd'])]);
    await plant.startWorker();
    plant.ledger.holdReads = true;
    const held = plant.ledger.requestHeld();
    await raise('a', 'b', 'c', 'd');
    await held;
    const running = await plant.untilRun(({ steps }) => steps['all[1].read']?.state === 'leased');
    await plant.command(running.id, 'cancel');
    await plant.untilRun(({ state }) => state === 'cancelling');
    plant.ledger.holdReads = false;
    plant.ledger.release();
    expect(await plant.untilRun(hasEnded)).toMatchObject({ state: 'cancelled', steps: { all: { state: 'cancelled' }, 'all[0].read': { state: 'succeeded' }, 'all[0].shape': { state: 'cancelled' }, 'all[3].read': { state: 'cancelled' } } });
    expect(plant.ledger.reads).toBe(2);
  });
});
