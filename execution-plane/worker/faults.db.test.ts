import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

/** A run whose write is approved; `faults` meet the write. */
async function approved(...faults: typeof plant.ledger.faults): Promise<void> {
  plant.ledger.faults.push(...faults);
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!);
}

function calls(): Promise<Array<{ state: string }>> {
  return plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('calls', `SELECT state FROM execution.tool_calls WHERE risk = 'write' ORDER BY intended_at`)));
}

describe('a fault of the peer', () => {
  it('that passes is tried again, under the same approval', async () => {
    await plant.startWorker();
    await approved('busy');
    const done = await plant.untilRun((run) => run.state === 'succeeded');
    expect(done.steps['change']).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(await calls()).toEqual([{ state: 'failed' }, { state: 'succeeded' }]);
    expect(plant.ledger.effects).toHaveLength(1);
  });

  it('that lasts leaves the step dead and the run failed; redriven, it goes through', async () => {
    await plant.startWorker();
    await approved('busy', 'busy', 'busy');
    const failed = await plant.untilRun((run) => run.state === 'failed');
    expect(failed).toMatchObject({ error: { code: 'attempts_exhausted', step_key: 'change' }, steps: { change: { state: 'dead', attempt: 3 }, check: { state: 'cancelled' } } });

    await plant.command(failed.id, 'redrive');
    expect(await plant.untilRun((run) => run.state === 'succeeded')).toMatchObject({ steps: { check: { state: 'succeeded' } } });
    expect(plant.ledger.effects).toHaveLength(1);
  });

  it('that may have let the write through leaves nobody guessing: it is looked up each time, also after the last attempt', async () => {
    await plant.startWorker();
    await approved('unavailable', 'unavailable', 'unavailable');
    const failed = await plant.untilRun((run) => run.state === 'failed');
    expect(failed).toMatchObject({ error: { code: 'attempts_exhausted', step_key: 'change' }, steps: { change: { state: 'dead' } } });
    // Three attempts send; looking too early for "not there" to prove anything is none. After the last one it is only looked up.
    expect(await calls()).toEqual([{ state: 'failed' }, { state: 'failed' }, { state: 'failed' }]);
    expect(plant.ledger.effects).toHaveLength(0);
  });

  it('that is permanent ends the step at the first attempt', async () => {
    await plant.startWorker();
    await approved('forbidden');
    expect(await plant.untilRun((run) => run.state === 'failed')).toMatchObject({ error: { code: 'peer_forbidden' }, steps: { change: { state: 'failed', attempt: 1 } } });
  });

  it('that loses the answer is looked up, never sent again', async () => {
    await plant.startWorker();
    await approved('applied_then_hangs_up');
    const done = await plant.untilRun((run) => run.state === 'succeeded');
    expect(done.steps['change']).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(await calls()).toEqual([{ state: 'succeeded' }]);
    expect(plant.ledger.effects).toHaveLength(1);
  });
});

describe('a worker that is lost between intent and outcome', () => {
  it('leaves the step uncertain; another asks the system of record, and what the first then writes changes nothing', async () => {
    const first = await plant.startWorker({ leaseMs: 600, workerId: 'first' });
    const held = plant.ledger.requestHeld();
    await approved('held');
    await held;
    // Its lease ends while the peer has the request; its heartbeat cannot bring it back.
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('lose', `UPDATE execution.steps SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE state = 'leased'`)));
    await plant.startWorker({ workerId: 'second' });
    const done = await plant.untilRun((run) => run.state === 'succeeded');
    plant.ledger.release();
    await first.stop();
    expect(done.steps['change']).toMatchObject({ state: 'succeeded', fence: '3' });
    expect(plant.ledger.effects).toHaveLength(1);
    expect(await calls()).toEqual([{ state: 'succeeded' }]);
    expect((await plant.runs())[0]).toEqual(done);
    const results = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ result: string }>(sql('results',
      `SELECT a.result FROM execution.step_attempts a JOIN execution.steps s ON s.id = a.step_id WHERE s.key = 'change' ORDER BY a.fence`)));
    expect(results.map((row) => row.result)).toEqual(['waiting', 'uncertain', 'succeeded']);
  });
});

describe('a worker that is lost while it reads', () => {
  const loseLeases = sql('lose_reads', `UPDATE execution.steps SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE state = 'leased'`);
  const reads = sql('reads', `SELECT c.id, c.state, c.error->>'code' AS error_code FROM execution.tool_calls c JOIN execution.steps s ON s.id = c.step_id WHERE s.key = 'read' ORDER BY c.intended_at`);
  const outcomes = sql('outcomes', `SELECT body::jsonb->'data' AS data FROM audit.events WHERE type = 'call.outcome' AND body::jsonb->'subject'->>'id' = $1`);

  it('leaves no call under way: the read ends as worker_lost, with its audit event, and is made again', async () => {
    plant.ledger.holdReads = true;
    const first = await plant.startWorker({ leaseMs: 600, workerId: 'first' });
    const held = plant.ledger.requestHeld();
    await plant.raise('leave me');
    await held;
    const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => plant.database.execution.forTenant(plant.ids.tenantId, work);
    await inTenant((tx) => tx.change(loseLeases));
    plant.ledger.holdReads = false;
    await plant.startWorker({ workerId: 'second' });
    await plant.untilRun((run) => run.state === 'succeeded');
    plant.ledger.release();
    await first.stop();

    const calls = await inTenant((tx) => tx.rows<{ id: string; state: string; error_code: string | null }>(reads));
    expect(calls).toMatchObject([{ state: 'failed', error_code: 'worker_lost' }, { state: 'succeeded', error_code: null }]);
    expect(await inTenant((tx) => tx.rows(outcomes, [calls[0]!.id]))).toEqual([{ data: { step_key: 'read', call_key: 'main', state: 'failed', error_code: 'worker_lost' } }]);
  });
});

describe('cancelling', () => {
  it('stops a run that waits, and withdraws its approval', async () => {
    await plant.startWorker();
    await plant.raise('printers');
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    await plant.command(waiting.id, 'cancel');
    expect(await plant.untilRun((run) => run.state === 'cancelled')).toMatchObject({ error: { code: 'run_cancelled', data: { not_stopped: [] } }, steps: { read: { state: 'succeeded' }, change: { state: 'cancelled' }, check: { state: 'cancelled' } } });
    const approvals = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('approvals', 'SELECT state FROM control.approvals')));
    expect(approvals).toEqual([{ state: 'withdrawn' }]);
  });

  it('names the write that it could not stop, and lets it end', async () => {
    await plant.startWorker();
    const held = plant.ledger.requestHeld();
    await approved('held');
    await held;
    const [run] = await plant.runs();
    await plant.command(run!.id, 'cancel');
    await plant.untilRun((now) => now.state === 'cancelling');
    plant.ledger.release();
    expect(await plant.untilRun((now) => now.state === 'cancelled')).toMatchObject({
      error: { code: 'run_cancelled', data: { not_stopped: [{ step_key: 'change', state: 'leased', action: 'ledger/record.update' }] } }, steps: { change: { state: 'succeeded' }, check: { state: 'cancelled' } },
    });
    expect(plant.ledger.effects).toHaveLength(1);
  });
});

describe('input that cannot become a run', () => {
  it('is dropped with a reason while the good goes on', async () => {
    const raw = (source: string, payload: unknown, key: string): Promise<unknown> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('raw', `
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, dedupe_key, source, payload)
      VALUES ($1, $2, $3, $4, $5, 'ledger', $6, $2, $2, $7, $8)`), [plant.ids.tenantId, key, plant.ids.workspaceId, plant.ids.environmentId, plant.ids.instanceId, key === 'dlv_unknown' ? 'record.lost' : 'record.created', source, JSON.stringify(payload)]));
    await raw('webhook', ['not', 'an', 'object'], 'dlv_list');
    await raw('manual', { workflow: 7 }, 'dlv_manual');
    await raw('manual', { workflow: 'no-such', trigger: {} }, 'dlv_inactive');
    await raw('webhook', { id: 'x' }, 'dlv_unknown');
    await plant.startWorker();
    await plant.raise('leave me');
    await plant.untilRun((run) => run.state === 'succeeded');
    const dropped = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('dropped_ids', `SELECT id, dropped_because FROM execution.deliveries WHERE state = 'dropped' ORDER BY id`)));
    expect(dropped).toEqual([
      { id: 'dlv_inactive', dropped_because: 'no_workflow' }, { id: 'dlv_list', dropped_because: 'delivery_unreadable' },
      { id: 'dlv_manual', dropped_because: 'delivery_unreadable' }, { id: 'dlv_unknown', dropped_because: 'no_workflow' },
    ]);
    const kept = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('kept_payloads', `SELECT id FROM execution.deliveries WHERE payload <> '{}'`)));
    expect(kept, 'what a handled delivery carried is kept sealed with its run, or not at all').toEqual([]);
  });
});

describe('stopping', () => {
  it('lets the step under way end, and another worker goes on', async () => {
    const first = await plant.startWorker({ drainMs: 10_000, workerId: 'first' });
    const held = plant.ledger.requestHeld();
    await approved('held');
    await held;
    const stopped = first.stop();
    plant.ledger.release();
    await stopped;
    expect((await plant.runs())[0]).toMatchObject({ state: 'running', steps: { change: { state: 'succeeded' }, check: { state: 'ready' } } });
    await plant.startWorker({ workerId: 'second' });
    await plant.untilRun((run) => run.state === 'succeeded');
    expect(plant.ledger.effects).toHaveLength(1);
  });

  it('past its deadline gives the step back as uncertain, because the write was sent', async () => {
    const first = await plant.startWorker({ drainMs: 0, workerId: 'first' });
    const held = plant.ledger.requestHeld();
    await approved('held');
    await held;
    await first.stop();
    expect((await plant.runs())[0]!.steps['change']).toMatchObject({ state: 'uncertain' });
    await plant.startWorker({ workerId: 'second' });
    await plant.untilRun((run) => run.state === 'succeeded');
    expect(plant.ledger.effects).toHaveLength(1);
  });
});
