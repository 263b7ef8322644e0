import { afterEach, describe, expect, it } from 'vitest';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import type { RunSnapshot } from '../testing/queries.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
afterEach(() => plant.close());

const START = step({ id: 'start', uses: 'workflow/child', with: { record: '${{ trigger.id }}', note: '${{ trigger.by }}' } });
const PARENT: WorkflowDefinition = { ...TRIAGE, steps: [START, step({ id: 'after', uses: 'transform', needs: ['start'], with: { category: '${{ steps.start.output.category }}' } })] };

function child(changes: Partial<WorkflowDefinition> = {}, ...steps: StepDefinition[]): WorkflowDefinition {
  return { ...TRIAGE, name: 'child', trigger: 'manual', outputs: { category: '${{ steps.change.output.category }}', who: 'nobody' }, steps: steps.length > 0 ? steps : [CHANGE], ...changes };
}

const CHANGE = step({ id: 'change', uses: 'ledger/record.update', with: { id: '${{ trigger.record }}', category: '${{ trigger.note }}' } });
const CHECK = step({ id: 'check', uses: 'ledger/record.get', needs: ['change'], with: { id: '${{ trigger.record }}' } });

const ENDED = ['succeeded', 'failed', 'cancelled'];

interface Row { readonly id: string; readonly name: string; readonly parent_run_id: string | null; readonly depth: number; readonly trigger_part_labels: unknown; readonly workflow_version: number; readonly subject: string | null }

function rows(): Promise<Row[]> {
  return plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<Row>(sql('runs_of_all', 'SELECT id, workflow_name AS name, parent_run_id, depth, trigger_part_labels, workflow_version, subject FROM execution.runs ORDER BY created_at, id')));
}

/** The run of the workflow with this name once `is` holds of it. */
function until(name: string, is: (run: RunSnapshot) => boolean): Promise<RunSnapshot> {
  return plant.until(async () => {
    const id = (await rows()).find((row) => row.name === name)?.id;
    return (await plant.runs()).find((run) => run.id === id && is(run)) ?? null;
  });
}

const hasEnded = ({ state }: RunSnapshot): boolean => ENDED.includes(state);

describe('a step that starts a workflow', () => {
  it('waits for its run, which is of the same place and pinned, and gives what that says it gives', async () => {
    plant = await Plant.open([PARENT, child()]);
    await plant.startWorker();
    await plant.raise('printers');
    const asking = await until('child', ({ state }) => state === 'waiting');
    expect(await until('triage', ({ state }) => state === 'waiting')).toMatchObject({ steps: { start: { state: 'waiting', attempt: 0 } } });
    await plant.vote(asking.steps['change']!.approval_id!);
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'succeeded', error: null, steps: { start: { state: 'succeeded' }, after: { state: 'succeeded' } } });
    const [parent, started] = await rows();
    expect(started).toMatchObject({ parent_run_id: parent!.id, depth: 1, subject: parent!.subject, workflow_version: 1, trigger_part_labels: { '/record': ['trusted_system'], '/note': ['ticket_text', 'trusted_system'] } });
    const [output] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('labels_of_start', `SELECT output_part_labels FROM execution.steps WHERE key = 'start'`)));
    expect(output).toEqual({ output_part_labels: { '/category': expect.arrayContaining(['trusted_system']) as unknown, '/who': ['configuration'] } });
    expect(plant.ledger.effects).toHaveLength(1);
  });

  it('asks for whoever started the run that it belongs to, so that they do not approve it themselves', async () => {
    plant = await Plant.open([PARENT, child()]);
    await plant.raise('printers');
    const requester = async (): Promise<unknown> => (await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ requested_by: string }>(sql('requesters', 'SELECT requested_by FROM control.approvals ORDER BY requested_at DESC'))))[0]?.requested_by;
    // As the API keeps it of a run that a person starts by hand; the other one began by an event.
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('by_hand', 'UPDATE execution.deliveries SET requested_by = $1'), [plant.ids.personId]));
    await plant.startWorker();
    await until('child', ({ state }) => state === 'waiting');
    expect(await requester()).toBe(plant.ids.personId);
    await plant.raise('screens');
    await plant.until(async () => (await plant.runs()).filter(({ state, steps }) => state === 'waiting' && steps['change'] !== undefined).length === 2 || null);
    expect(await requester()).toBe('workflow:child');
  });

  it('fails with the code of the run that failed; redriven, that run goes on and nothing is done twice', async () => {
    plant = await Plant.open([PARENT, child({}, CHANGE, CHECK, step({ id: 'last', uses: 'ledger/record.get', needs: ['check'], with: { id: 'lost' } }))]);
    await plant.startWorker();
    await plant.raise('printers');
    const asking = await until('child', ({ state }) => state === 'waiting');
    await plant.vote(asking.steps['change']!.approval_id!);
    const failed = await until('triage', hasEnded);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'peer_not_found', step_key: 'start', message: expect.stringContaining('of child failed in last') as unknown }, steps: { start: { state: 'failed' }, after: { state: 'cancelled' } } });
    plant.ledger.records.set('lost', { id: 'lost', title: 'found', category: 'none', version: 0 });
    await plant.command(failed.id, 'redrive');
    expect(await until('triage', ({ state }) => state === 'succeeded')).toMatchObject({ error: null, steps: { after: { state: 'succeeded' } } });
    expect(await rows()).toHaveLength(2);
    expect(plant.ledger.effects).toHaveLength(1);
  });

  it('is cancelled with its run, and the run that it started before it', async () => {
    plant = await Plant.open([PARENT, child()]);
    await plant.startWorker();
    await plant.raise('printers');
    const asking = await until('child', ({ state }) => state === 'waiting');
    const parent = await until('triage', ({ state }) => state === 'waiting');
    await plant.command(parent.id, 'cancel');
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'cancelled', steps: { start: { state: 'cancelled' } } });
    expect(await until('child', hasEnded)).toMatchObject({ state: 'cancelled', error: { code: 'run_cancelled', message: expect.stringContaining('what started it') as unknown } });
    const [approval] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('approval', 'SELECT state FROM control.approvals WHERE id = $1'), [asking.steps['change']!.approval_id]));
    expect(approval).toEqual({ state: 'withdrawn' });
  });

  it('does not end before a write of its run that was under way when it was cancelled', async () => {
    plant = await Plant.open([PARENT, child()]);
    await plant.startWorker();
    await plant.raise('printers');
    const asking = await until('child', ({ state }) => state === 'waiting');
    const parent = await until('triage', ({ state }) => state === 'waiting');
    plant.ledger.faults.push('held');
    const held = plant.ledger.requestHeld();
    await plant.vote(asking.steps['change']!.approval_id!);
    await held;
    await plant.command(parent.id, 'cancel');
    await until('child', ({ state }) => state === 'cancelling');
    expect(await until('triage', () => true)).toMatchObject({ state: 'cancelling', steps: { start: { state: 'waiting' } } });
    plant.ledger.release();
    expect(await until('child', hasEnded)).toMatchObject({ steps: { change: { state: 'succeeded' } } });
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'cancelled' });
  });

  it('whose deadline is over has its run cancelled, and then fails', async () => {
    plant = await Plant.open([{ ...PARENT, steps: [{ ...START, deadline_ms: 600_000 }] }, child()]);
    await plant.startWorker();
    await plant.raise('printers');
    await until('child', ({ state }) => state === 'waiting');
    await until('triage', ({ state }) => state === 'waiting');
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('late', `UPDATE execution.steps SET deadline_at = clock_timestamp() WHERE deadline_at IS NOT NULL`)));
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded', step_key: 'start' } });
    expect(await until('child', hasEnded)).toMatchObject({ state: 'cancelled' });
  });

  it('starts one run, whichever worker dies when', async () => {
    plant = await Plant.open([PARENT, child({ outputs: {} }, step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.record }}' } }))]);
    plant.ledger.holdReads = true;
    const held = plant.ledger.requestHeld();
    const first = await plant.startWorker({ leaseMs: 600, drainMs: 0 });
    await plant.raise('printers');
    await held;
    await first.stop();
    plant.ledger.holdReads = false;
    plant.ledger.release();
    await plant.startWorker();
    expect(await until('triage', hasEnded)).toMatchObject({ steps: { start: { state: 'succeeded' } } });
    expect(await rows()).toHaveLength(2);
  });

  it('goes on with the version that was active when its run began', async () => {
    const pause = step({ id: 'pause', uses: 'wait', with: { for_ms: 1_000 } });
    plant = await Plant.open([{ ...PARENT, steps: [pause, { ...START, needs: ['pause'] }] }, child({ outputs: {} }, step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.record }}' } }))]);
    await plant.startWorker();
    await plant.raise('printers');
    await until('triage', ({ steps }) => steps['pause']?.state === 'waiting');
    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('off', `UPDATE control.workflow_activations SET enabled = false`)));
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'succeeded' });
    expect((await rows())[1]).toMatchObject({ name: 'child', workflow_version: 1 });
  });

  it('of a workflow that is not active leaves the step dead, and says what to do', async () => {
    plant = await Plant.open([PARENT]);
    await plant.startWorker();
    await plant.raise('printers');
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'failed', error: { code: 'workflow_inactive', message: expect.stringContaining('Activate it there') as unknown }, steps: { start: { state: 'dead' } } });
  });

  it('goes five deep and no deeper', async () => {
    plant = await Plant.open([{ ...PARENT, steps: [START] }, child({ outputs: {} }, step({ id: 'again', uses: 'workflow/child', with: { record: '${{ trigger.record }}' } }))]);
    await plant.startWorker();
    await plant.raise('printers');
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'failed', error: { code: 'workflow_too_deep' } });
    expect((await rows()).map(({ depth }) => depth)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('in a map starts a run for each item', async () => {
    const all = step({ id: 'all', uses: 'map', with: { items: ['rec-1', 'rec-1'] }, steps: [step({ id: 'start', uses: 'workflow/child', with: { record: '${{ item }}' } })] });
    plant = await Plant.open([{ ...TRIAGE, steps: [all] }, child({ outputs: { title: '${{ steps.read.output.title }}' } }, step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.record }}' } }))]);
    await plant.startWorker();
    await plant.raise('printers');
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'succeeded', steps: { 'all[0].start': { state: 'succeeded' }, 'all[1].start': { state: 'succeeded' } } });
    expect(await rows()).toHaveLength(3);
  });

  it('keeps to the limits of the workflow that it starts: its runs wait for their turn', async () => {
    const all = step({ id: 'all', uses: 'map', with: { items: [1, 2, 3] }, steps: [step({ id: 'start', uses: 'workflow/child', with: { record: 'rec-1' } })] });
    plant = await Plant.open([{ ...TRIAGE, priority: 'high', steps: [all] }, child({ outputs: {}, concurrency: { limit: 1, on_conflict: 'queue' } }, step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.record }}' } }))]);
    await plant.startWorker();
    await plant.raise('printers');
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'succeeded' });
    const [order] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('order', `
      SELECT count(*)::int AS runs, min(priority)::int AS priority, bool_and(coalesce(admitted_at >= before, true)) AS one_by_one
        FROM (SELECT priority, admitted_at, lag(finished_at) OVER (ORDER BY admitted_at) AS before FROM execution.runs WHERE workflow_name = 'child') c`)));
    expect(order).toEqual({ runs: 3, priority: 1, one_by_one: true });
  });

  it('is paused and goes on with its run', async () => {
    const steps = [step({ id: 'pause', uses: 'wait', with: { for_ms: 1 } }), step({ id: 'read', uses: 'ledger/record.get', needs: ['pause'], with: { id: '${{ trigger.record }}' } })];
    plant = await Plant.open([{ ...PARENT, steps: [START] }, child({ outputs: {} }, step({ id: 'below', uses: 'workflow/grandchild', with: { record: '${{ trigger.record }}', note: '${{ trigger.note }}' } })), child({ name: 'grandchild', outputs: {} }, CHANGE, ...steps)]);
    await plant.startWorker();
    await plant.raise('printers');
    const asking = await until('grandchild', ({ steps: own }) => own['change']?.state === 'waiting');
    const parent = await until('triage', ({ state }) => state === 'waiting');
    const paused = (): Promise<Array<{ paused: boolean }>> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('paused', 'SELECT paused_at IS NOT NULL AS paused FROM execution.runs ORDER BY depth')));
    await plant.command(parent.id, 'pause');
    await plant.until(async () => ((await paused()).every((run) => run.paused) ? true : null));
    await plant.vote(asking.steps['change']!.approval_id!);
    await until('grandchild', ({ steps: own }) => own['change']?.state === 'ready');
    expect(plant.ledger.effects).toEqual([]);
    await plant.command(parent.id, 'resume');
    expect(await until('triage', hasEnded)).toMatchObject({ state: 'succeeded' });
    expect(plant.ledger.effects).toHaveLength(1);
    expect(await paused()).toEqual([{ paused: false }, { paused: false }, { paused: false }]);
  });
});
