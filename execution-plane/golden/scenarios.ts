import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { Plant } from '../testing/plant.ts';
import { step } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

/** What happens to one real run, from its event to where it stays. */
export interface Scenario {
  readonly name: string;
  /** The first is the one whose run is recorded. */
  readonly workflows: readonly WorkflowDefinition[];
  play(plant: Plant): Promise<void>;
}

const record = { id: '${{ trigger.id }}' };
const read = (id: string, needs: readonly string[] = [], condition: string | null = null): WorkflowDefinition['steps'][number] =>
  step({ id, uses: 'ledger/record.get', with: record, needs, if: condition });
const change = (needs: readonly string[]): WorkflowDefinition['steps'][number] =>
  step({ id: 'change', uses: 'ledger/record.update', with: { ...record, category: 'hardware' }, needs });

/** All have one write, `change`, that a person must approve; what stands around it differs. */
const SHAPES: Readonly<Record<string, WorkflowDefinition['steps']>> = {
  'write alone': [change([])],
  'read, write, read': [read('before'), change(['before']), read('after', ['change'])],
  'write beside a read': [change([]), read('beside'), read('joined', ['change', 'beside'])],
  'two readers into a write': [read('left'), read('right'), change(['left', 'right'])],
  'write before a fan': [change([]), read('first', ['change']), read('second', ['change']), read('last', ['first', 'second'])],
  'write beside what is skipped': [read('before'), read('skipped', ['before'], 'false'), read('behind', ['skipped']), change(['before'])],
};

/** What happens to the write. */
const TALES: Readonly<Record<string, (plant: Plant) => Promise<void>>> = {
  'is approved': async (plant) => {
    await approve(plant);
    await ends(plant, 'succeeded');
  },
  'is rejected': async (plant) => {
    await vote(plant, 'reject');
    await ends(plant, 'failed');
  },
  'is rejected, redriven and approved': async (plant) => {
    await vote(plant, 'reject');
    await ends(plant, 'failed');
    await plant.command(await runId(plant), 'redrive');
    await approve(plant);
    await ends(plant, 'succeeded');
  },
  'is cancelled while it waits': async (plant) => {
    await plant.command((await asked(plant)).runId, 'cancel');
    await ends(plant, 'cancelled');
  },
  'is tried again': async (plant) => {
    plant.ledger.faults.push('busy');
    await approve(plant);
    await ends(plant, 'succeeded');
  },
  'uses up its attempts and is redriven': async (plant) => {
    plant.ledger.faults.push('busy', 'busy', 'busy');
    await approve(plant);
    await ends(plant, 'failed');
    await plant.command(await runId(plant), 'redrive');
    await ends(plant, 'succeeded');
  },
  'is refused by the target': async (plant) => {
    plant.ledger.faults.push('forbidden');
    await approve(plant);
    await ends(plant, 'failed');
  },
  'loses its answer': async (plant) => {
    plant.ledger.faults.push('applied_then_hangs_up');
    await approve(plant);
    await ends(plant, 'succeeded');
  },
  'loses its worker': async (plant) => {
    const held = plant.ledger.requestHeld();
    plant.ledger.faults.push('held');
    await approve(plant);
    await held;
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(LOSE_LEASES));
    await ends(plant, 'succeeded');
    plant.ledger.release();
  },
  'is under way when the run is cancelled': async (plant) => {
    const held = plant.ledger.requestHeld();
    plant.ledger.faults.push('held');
    const { runId } = await approve(plant);
    await held;
    await plant.command(runId, 'cancel');
    await plant.untilRun(({ state }) => state === 'cancelling');
    plant.ledger.release();
    await ends(plant, 'cancelled');
  },
};

const LOSE_LEASES = sql('lose_leases', `UPDATE execution.steps SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE state = 'leased'`);

const WRITES: readonly Scenario[] = Object.entries(SHAPES).flatMap(([shape, steps]) => Object.entries(TALES).map(([tale, play]): Scenario => ({
  name: `${shape}: the write ${tale}`,
  workflows: [workflow(steps)],
  play,
})));

function workflow(steps: WorkflowDefinition['steps'], changes: Partial<WorkflowDefinition> = {}): WorkflowDefinition {
  return { api_version: 'countersign.dev/v1', name: 'golden', description: '', trigger: { connector: 'ledger', event: 'record.created' }, models: {}, steps, ...changes };
}

const PAUSE = step({ id: 'pause', uses: 'wait', with: { for_ms: 50 } });
const START = step({ id: 'start', uses: 'workflow/child', with: { record: '${{ trigger.id }}' } });
const CHILD = workflow([step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.record }}' } })], { name: 'child', trigger: 'manual', outputs: { title: '${{ steps.read.output.title }}' } });

/** Every item reads a record; one that is not there fails. */
function map(ids: readonly string[], rules: { readonly concurrency: number; readonly on_item_failure: 'fail' | 'continue' }): WorkflowDefinition['steps'][number] {
  const { on_item_failure, concurrency } = rules;
  return step({
    id: 'all', uses: 'map', with: { items: ids.map((id) => ({ id })), concurrency }, on_item_failure,
    steps: [step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ item.id }}' } }), step({ id: 'shape', uses: 'transform', needs: ['read'], with: { title: '${{ steps.read.output.title }}' } })],
  });
}

/** The record of the event is `rec-1`; `rec-0` is not there. */
const KINDS: readonly Scenario[] = [
  { name: 'wait between reads', workflows: [workflow([read('before'), { ...PAUSE, needs: ['before'] }, read('after', ['pause'])])], play: (plant) => ends(plant, 'succeeded') },
  { name: 'wait beside a write', workflows: [workflow([PAUSE, change([]), read('joined', ['pause', 'change'])])], play: async (plant) => { await approve(plant); await ends(plant, 'succeeded'); } },
  { name: 'map, one item at a time', workflows: [workflow([map(['rec-1', 'rec-1', 'rec-1'], { concurrency: 1, on_item_failure: 'fail' }), read('after', ['all'])])], play: (plant) => ends(plant, 'succeeded') },
  { name: 'map, all at once', workflows: [workflow([map(['rec-1', 'rec-1', 'rec-1'], { concurrency: 3, on_item_failure: 'fail' }), read('after', ['all'])])], play: (plant) => ends(plant, 'succeeded') },
  { name: 'map with an item that fails it', workflows: [workflow([map(['rec-1', 'rec-0', 'rec-1'], { concurrency: 1, on_item_failure: 'fail' }), read('after', ['all'])])], play: (plant) => ends(plant, 'failed') },
  { name: 'map that goes on without an item', workflows: [workflow([map(['rec-0', 'rec-1'], { concurrency: 1, on_item_failure: 'continue' }), read('after', ['all'])])], play: (plant) => ends(plant, 'succeeded') },
  { name: 'map of nothing', workflows: [workflow([map([], { concurrency: 1, on_item_failure: 'fail' }), read('after', ['all'])])], play: (plant) => ends(plant, 'succeeded') },
  { name: 'workflow that another starts', workflows: [workflow([START, read('after', ['start'])]), CHILD], play: (plant) => ends(plant, 'succeeded') },
  { name: 'deadline of the run while a person is asked', workflows: [workflow([read('before'), change(['before'])], { deadline_ms: 1_500 })], play: (plant) => ends(plant, 'failed') },
  { name: 'deadline of a step while a person is asked', workflows: [workflow([{ ...change([]), deadline_ms: 1_500 }, read('after', ['change'])])], play: (plant) => ends(plant, 'failed') },
];

export const SCENARIOS: readonly Scenario[] = [...WRITES, ...KINDS];

/** Once a person is asked about the write, and nothing else is left to do meanwhile. */
async function asked(plant: Plant): Promise<{ runId: string; approvalId: string }> {
  const run = await plant.untilRun(({ state, steps }) => state === 'waiting' && steps['change']?.state === 'waiting');
  return { runId: run.id, approvalId: run.steps['change']!.approval_id! };
}

async function vote(plant: Plant, decision: 'approve' | 'reject'): Promise<{ runId: string }> {
  const { runId, approvalId } = await asked(plant);
  await plant.vote(approvalId, decision);
  return { runId };
}

function approve(plant: Plant): Promise<{ runId: string }> {
  return vote(plant, 'approve');
}

/** The run of the event is the oldest. */
async function ends(plant: Plant, as: string): Promise<void> {
  await plant.until(async () => ((await plant.runs())[0]?.state === as ? true : null));
}

async function runId(plant: Plant): Promise<string> {
  return (await plant.runs())[0]!.id;
}
