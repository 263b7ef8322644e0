import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

describe('one ticket', () => {
  it('is read, waits for a person, is written once, and succeeds', async () => {
    await plant.startWorker();
    await plant.raise('printers');
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    expect(waiting.steps['change']).toMatchObject({ state: 'waiting', attempt: 0 });
    expect(plant.ledger.effects).toEqual([]);

    await plant.vote(waiting.steps['change']!.approval_id!);
    const done = await plant.untilRun((run) => run.state === 'succeeded');
    expect(done.steps).toMatchObject({ read: { state: 'succeeded', attempt: 1 }, change: { state: 'succeeded', attempt: 1 }, check: { state: 'succeeded' } });
    expect(plant.ledger.effects).toMatchObject([{ id: 'rec-1', category: 'printers' }]);
    expect(plant.ledger.records.get('rec-1')).toMatchObject({ category: 'printers', version: 1 });
    const events = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ type: string }>(sql('events', 'SELECT type FROM audit.events ORDER BY pending_no')));
    expect(new Set(events.map((event) => event.type))).toEqual(new Set(['run.created', 'run.state_changed', 'step.state_changed', 'decision.made', 'approval.requested', 'approval.state_changed', 'call.intended', 'call.outcome']));
  });

  it('fails when the person says no, and asks anew when it is redriven', async () => {
    await plant.startWorker();
    await plant.raise('printers');
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    await plant.vote(waiting.steps['change']!.approval_id!, 'reject');
    const failed = await plant.untilRun((run) => run.state === 'failed');
    expect(failed).toMatchObject({ error: { code: 'approval_rejected', step_key: 'change' }, steps: { change: { state: 'failed' }, check: { state: 'cancelled' } } });

    await plant.command(failed.id, 'redrive');
    const again = await plant.untilRun((run) => run.state === 'waiting');
    expect(again.steps['change']!.approval_id).not.toBe(waiting.steps['change']!.approval_id);
    await plant.vote(again.steps['change']!.approval_id!);
    expect(await plant.untilRun((run) => run.state === 'succeeded')).toMatchObject({ error: null, steps: { check: { state: 'succeeded' } } });
    expect(plant.ledger.effects).toHaveLength(1);
  });

  it('skips what its condition excludes, and what needs it', async () => {
    await plant.startWorker();
    await plant.raise('leave me');
    expect(await plant.untilRun((run) => run.state === 'succeeded')).toMatchObject({ steps: { change: { state: 'skipped' }, check: { state: 'skipped' } } });
    expect(plant.ledger.effects).toEqual([]);
  });

  it('starts one run however often and in whatever version it is delivered, and drops its own echo', async () => {
    await plant.startWorker();
    await plant.raise('printers');
    expect(await plant.deliver({ id: 'rec-1', title: 'printers', version: 0 })).toBe(false);
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    await plant.deliver({ id: 'rec-1', title: 'printers', version: 7 });
    await plant.vote(waiting.steps['change']!.approval_id!);
    await plant.untilRun((run) => run.state === 'succeeded');
    await plant.deliver({ id: 'rec-1', title: 'printers', version: 1 });
    const dropped = await plant.until(async () => {
      const rows = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ dropped_because: string }>(sql('dropped', `SELECT dropped_because FROM execution.deliveries WHERE state = 'dropped' ORDER BY received_at`)));
      return rows.length === 2 ? rows : null;
    });
    expect(dropped.map((row) => row.dropped_because)).toEqual(['already_handled', 'echo']);
    expect(await plant.runs()).toHaveLength(1);
  });
});
