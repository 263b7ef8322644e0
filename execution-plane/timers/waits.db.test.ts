import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

function workflow(name: string, ...steps: StepDefinition[]): WorkflowDefinition {
  return { ...TRIAGE, name, steps };
}

const READ = step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' } });
const PAUSE = step({ id: 'pause', uses: 'wait', with: { for_ms: 3_600_000 }, needs: ['read'] });
const CHECK = step({ id: 'check', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' }, needs: ['pause'] });

let plant: Plant | undefined;
afterEach(() => plant?.close());

/** The database's clock cannot be moved, so the times that it has written move the other way. */
function letTimePass(ms: number): Promise<unknown> {
  return plant!.database.execution.forTenant(plant!.ids.tenantId, async (tx) => {
    await tx.change(sql('time_of_steps', `UPDATE execution.steps SET available_at = available_at - make_interval(secs => $1::float8 / 1000), deadline_at = deadline_at - make_interval(secs => $1::float8 / 1000)`), [ms]);
    await tx.change(sql('time_of_runs', `UPDATE execution.runs SET deadline_at = deadline_at - make_interval(secs => $1::float8 / 1000)`), [ms]);
  });
}

describe('a wait', () => {
  beforeEach(async () => { plant = await Plant.open([workflow('later', READ, PAUSE, CHECK)]); });

  it('is in its row: it outlives the worker that began it, and the run goes on when its time has come', async () => {
    const first = await plant!.startWorker();
    await plant!.raise('printers');
    const waiting = await plant!.untilRun((run) => run.state === 'waiting');
    expect(waiting.steps).toMatchObject({ pause: { state: 'waiting', attempt: 0 }, check: { state: 'blocked' } });
    const [row] = await plant!.database.execution.forTenant(plant!.ids.tenantId, (tx) => tx.rows(sql('wait', `SELECT available_at BETWEEN clock_timestamp() + interval '59 minutes' AND clock_timestamp() + interval '60 minutes' AS exact FROM execution.steps WHERE key = 'pause'`)));
    expect(row).toEqual({ exact: true });
    await first.stop();

    await letTimePass(3_600_000);
    await plant!.startWorker();
    expect(await plant!.untilRun((run) => run.state === 'succeeded')).toMatchObject({ steps: { pause: { state: 'succeeded', fence: '1' }, check: { state: 'succeeded' } } });
  });

  it('ends with its run', async () => {
    await plant!.startWorker();
    await plant!.raise('printers');
    const { id } = await plant!.untilRun((run) => run.state === 'waiting');
    await plant!.command(id, 'cancel');
    expect(await plant!.untilRun((run) => run.state === 'cancelled')).toMatchObject({ steps: { pause: { state: 'cancelled' }, check: { state: 'cancelled' } } });
  });
});

describe('a wait until a moment', () => {
  it('that is in the past is over at once, and one that is none leaves the step dead with what it takes', async () => {
    plant = await Plant.open([
      workflow('past', step({ id: 'pause', uses: 'wait', with: { until: '${{ trigger.at }}' } }), CHECK),
      workflow('wrong', step({ id: 'pause', uses: 'wait', with: { until: '${{ trigger.title }}' } })),
    ]);
    await plant.startWorker();
    plant.ledger.records.set('rec-1', { id: 'rec-1', title: 'soon', category: 'none', version: 0 });
    await plant.deliver({ id: 'rec-1', title: 'soon', version: 0, operation: 'create', by: 'somebody', at: '2020-01-31T08:00:00+01:00' });
    const runs = await plant.until(async () => {
      const runs = await plant!.runs();
      return runs.length === 2 && runs.every(({ state }) => state === 'succeeded' || state === 'failed') ? runs : null;
    });
    expect(runs.find(({ state }) => state === 'succeeded')).toMatchObject({ steps: { check: { state: 'succeeded' } } });
    expect(runs.find(({ state }) => state === 'failed')).toMatchObject({ error: { code: 'wait_invalid', message: expect.stringContaining('RFC 3339') as unknown }, steps: { pause: { state: 'dead' } } });
  });
});

describe('a transform', () => {
  it('gives what it was given, and each part keeps where it came from', async () => {
    plant = await Plant.open([workflow('shaped', READ, step({
      id: 'shape', uses: 'transform', needs: ['read'],
      with: { id: '${{ trigger.id }}', title: '${{ steps.read.output.title }}', list: [1, '${{ steps.read.output.version + 1.0 }}'] },
    }), step({ id: 'change', uses: 'ledger/record.update', with: { id: '${{ steps.shape.output.id }}', category: '${{ steps.shape.output.title }}' }, needs: ['shape'] }))]);
    await plant.startWorker();
    await plant.raise('printers');
    const { steps } = await plant.untilRun((run) => run.state === 'waiting');
    expect(steps).toMatchObject({ shape: { state: 'succeeded' }, change: { state: 'waiting' } });
    const [row] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('shape', `SELECT output_labels, output_part_labels FROM execution.steps WHERE key = 'shape'`)));
    expect(row).toEqual({ output_labels: ['configuration', 'ticket_text', 'trusted_system'], output_part_labels: { '/id': ['trusted_system'], '/title': ['ticket_text'], '/list/0': ['configuration'], '/list/1': ['ticket_text'] } });
    // What policy was asked about the write knows the parts apart.
    const [asked] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ labels: Record<string, string[]> }>(sql('asked', `SELECT masked_input->'labels' AS labels FROM execution.decisions WHERE action = 'ledger/record.update'`)));
    expect(asked?.labels).toMatchObject({ '/id': ['trusted_system'], '/category': ['ticket_text'] });
  });
});

describe('a deadline', () => {
  it('of a step is over all its waits: the request is withdrawn, and a redrive begins it anew', async () => {
    plant = await Plant.open([workflow('soon', READ, step({ id: 'change', uses: 'ledger/record.update', with: { id: '${{ trigger.id }}', category: 'x' }, needs: ['read'], deadline_ms: 600_000 }))]);
    await plant.startWorker();
    await plant.raise('printers');
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    await letTimePass(600_000);
    const failed = await plant.untilRun((run) => run.state === 'failed');
    expect(failed).toMatchObject({ error: { code: 'deadline_exceeded', step_key: 'change' }, steps: { change: { state: 'failed' } } });
    const [approval] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('approval', 'SELECT state FROM control.approvals WHERE id = $1'), [waiting.steps['change']!.approval_id]));
    expect(approval).toEqual({ state: 'withdrawn' });

    await plant.command(failed.id, 'redrive');
    const again = await plant.untilRun((run) => run.state === 'waiting');
    await plant.vote(again.steps['change']!.approval_id!);
    expect(await plant.untilRun((run) => run.state === 'succeeded')).toMatchObject({ error: null });
    expect(plant.ledger.effects).toHaveLength(1);
  });

  it('of a run lets nothing new begin: what is under way ends, and the run fails', async () => {
    plant = await Plant.open([{ ...workflow('soon', READ, CHECK_AFTER_READ), deadline_ms: 600_000 }]);
    await plant.startWorker();
    plant.ledger.holdReads = true;
    const held = plant.ledger.requestHeld();
    await plant.raise('printers');
    await held;
    await letTimePass(600_000);
    await plant.untilRun((run) => run.state === 'cancelling');
    plant.ledger.holdReads = false;
    plant.ledger.release();
    const failed = await plant.untilRun((run) => run.state === 'failed');
    expect(failed).toMatchObject({ error: { code: 'deadline_exceeded' }, steps: { read: { state: 'succeeded' }, check: { state: 'cancelled' } } });
    expect(plant.ledger.reads).toBe(1);
    // No step has failed: what was cancelled is what a redrive begins with, and the deadline begins anew.
    await plant.command(failed.id, 'redrive');
    expect(await plant.untilRun((run) => run.state === 'succeeded')).toMatchObject({ error: null, steps: { check: { state: 'succeeded' } } });
  });

  it('of a run never gives up an effect of unknown outcome: the system of record is asked, and then the run fails', async () => {
    plant = await Plant.open([{ ...TRIAGE, deadline_ms: 600_000 }]);
    await plant.startWorker({ leaseMs: 600, workerId: 'first' });
    plant.ledger.faults.push('held');
    const held = plant.ledger.requestHeld();
    await plant.raise('printers');
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    await plant.vote(waiting.steps['change']!.approval_id!);
    await held;
    await letTimePass(600_000);
    await plant.untilRun((run) => run.state === 'cancelling');
    const failed = await plant.untilRun((run) => run.state === 'failed');
    expect(failed).toMatchObject({ error: { code: 'deadline_exceeded' }, steps: { change: { state: 'succeeded' }, check: { state: 'cancelled' } } });
    expect(plant.ledger.effects).toHaveLength(1);
    plant.ledger.release();
  });

  it('of a step sends nothing again, whatever the system of record says of what was sent', async () => {
    plant = await Plant.open([workflow('soon', READ, step({ id: 'change', uses: 'ledger/record.update', with: { id: '${{ trigger.id }}', category: 'x' }, needs: ['read'], deadline_ms: 600_000, retry: { max_attempts: 3, backoff: 'fixed', initial_ms: 300_000, max_ms: 300_000 } }))]);
    const first = await plant.startWorker({ leaseMs: 600, workerId: 'first', drainMs: 0 });
    plant.ledger.faults.push('unavailable');
    await plant.raise('printers');
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    await plant.vote(waiting.steps['change']!.approval_id!);
    await plant.untilRun((run) => run.steps['change']?.state === 'uncertain');
    await first.stop();
    await letTimePass(600_000);
    await plant.startWorker();
    expect(await plant.untilRun((run) => run.state === 'failed')).toMatchObject({ error: { code: 'deadline_exceeded', step_key: 'change' } });
    expect(plant.ledger.effects).toEqual([]);
  });
});

const CHECK_AFTER_READ = { ...CHECK, needs: ['read'] };
