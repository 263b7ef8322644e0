import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { shredReasons } from '../dispatch/repository-retention.ts';
import { findPending } from './queries.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

const inTenant = <T extends object>(name: string, text: string, values: unknown[] = []): Promise<T[]> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<T>(sql(name, text), values));
const audited = async (type: string): Promise<Array<Record<string, unknown>>> => (await inTenant<{ body: string }>('audited', `SELECT body FROM audit.events WHERE type = $1 ORDER BY pending_no`, [type])).map((row) => JSON.parse(row.body) as Record<string, unknown>);

it('in a paused run nothing new begins, what is under way ends, and votes are kept; resumed, it goes on', async () => {
  await plant.startWorker();
  plant.ledger.holdReads = true;
  const held = plant.ledger.requestHeld();
  await plant.raise('printers');
  await held;
  const [run] = await plant.runs();
  await plant.command(run!.id, 'pause');
  await plant.until(async () => (await inTenant('paused', 'SELECT FROM execution.runs WHERE paused_at IS NOT NULL')).length > 0 || null);
  plant.ledger.holdReads = false;
  plant.ledger.release();
  // The read ends, and what follows is ready and not begun, though another run of the same workflow goes through meanwhile.
  await plant.untilRun((now) => now.steps['read']!.state === 'succeeded' && now.steps['change']!.state === 'ready');
  await plant.raise('leave me');
  await plant.until(async () => (await plant.runs()).find((one) => one.id !== run!.id && one.state === 'succeeded') ?? null);
  expect((await plant.runs()).find((one) => one.id === run!.id)!.steps).toMatchObject({ change: { state: 'ready', fence: '0' } });

  await plant.command(run!.id, 'resume');
  const waiting = await plant.until(async () => (await plant.runs()).find((one) => one.id === run!.id && one.state === 'waiting') ?? null);
  await plant.vote(waiting.steps['change']!.approval_id!);
  await plant.until(async () => (await plant.runs()).find((one) => one.id === run!.id && one.state === 'succeeded') ?? null);
  for (const type of ['run.paused', 'run.resumed']) {
    expect(await audited(type)).toMatchObject([{ actor: { kind: 'person', id: plant.ids.personId }, subject: { kind: 'run', id: run!.id }, data: { reason_digest: expect.stringMatching(/^sha256:/) } }]);
  }
}, 60_000);

it('a paused run is cancelled all the same', async () => {
  await plant.startWorker();
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.command(waiting.id, 'pause');
  await plant.until(async () => (await inTenant('paused', 'SELECT FROM execution.runs WHERE paused_at IS NOT NULL')).length > 0 || null);
  await plant.command(waiting.id, 'cancel');
  await plant.untilRun((run) => run.state === 'cancelled');
});

it('a redriven step sends under the key that it had', async () => {
  await plant.startWorker();
  plant.ledger.faults.push('busy', 'busy', 'busy');
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!);
  const failed = await plant.untilRun((run) => run.state === 'failed');
  await plant.command(failed.id, 'redrive');
  await plant.untilRun((run) => run.state === 'succeeded');
  const keys = await inTenant<{ idempotency_key: string; state: string }>('keys', `SELECT idempotency_key, state FROM execution.tool_calls WHERE risk = 'write' ORDER BY intended_at`);
  expect(new Set(keys.map((call) => call.idempotency_key)).size).toBe(1);
  expect(keys.map((call) => call.state)).toEqual(['failed', 'failed', 'failed', 'succeeded']);
  expect(plant.ledger.effects).toHaveLength(1);
});

it('a job over many is carried out one by one, counted, and keeps nobody waiting who asks for one run', async () => {
  await plant.raise('printers');
  const worker = await plant.startWorker();
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await worker.stop();
  const { tenantId, workspaceId, personId } = plant.ids;
  const bulkId = newId('bulk_command');
  await plant.database.control.forTenant(tenantId, async (tx) => {
    await tx.change(sql('bulk', `INSERT INTO execution.bulk_commands (tenant_id, id, workspace_id, kind, selection, reason, requested_by, total) VALUES ($1, $2, $3, 'redrive', '{}', 'because', $4, 120)`), [tenantId, bulkId, workspaceId, personId]);
    await tx.change(sql('bulk_commands', `INSERT INTO execution.commands (tenant_id, id, run_id, step_key, kind, reason, requested_by, bulk_id) SELECT $1, c, $2, 'change', 'redrive', 'because', $3, $4 FROM unnest($5::text[]) c`),
      [tenantId, waiting.id, personId, bulkId, Array.from({ length: 120 }, () => newId('command'))]);
  });
  await plant.command(waiting.id, 'cancel');
  const [first] = await plant.database.execution.forTenants([tenantId], (tx) => findPending(tx, [tenantId], 50));
  expect(first).toMatchObject({ kind: 'cancel', bulk_id: null });

  await plant.startWorker();
  await plant.untilRun((run) => run.state === 'cancelled');
  // None of them had anything to do: the step was not broken.
  const done = await plant.until(async () => (await inTenant<{ count: number }>('skipped', 'SELECT count(*)::int AS count FROM execution.commands WHERE bulk_id = $1 AND NOT did_something', [bulkId])).find((row) => row.count === 120) ?? null);
  expect(done.count).toBe(120);
}, 60_000);

it('what people typed is kept as long as content is: the audit has its digest', async () => {
  await plant.startWorker();
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.command(waiting.id, 'cancel');
  await plant.untilRun((run) => run.state === 'cancelled');
  const { tenantId } = plant.ids;
  const shred = (retentionMs: number): Promise<number> => plant.database.execution.forTenant(tenantId, (tx) => shredReasons(tx, 10, retentionMs));
  expect(await shred(60_000)).toBe(0);
  expect(await shred(0)).toBe(1);
  expect(await inTenant('reasons', 'SELECT reason FROM execution.commands')).toEqual([{ reason: '(shredded)' }]);
  expect(await shred(0)).toBe(0);
});
