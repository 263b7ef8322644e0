import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyInput, ShadowDecision } from '@countersign/contracts/policy/decision.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { Plant } from '../testing/plant.ts';
import { readLoggedDecisions, readPinnedSeqs } from '../testing/queries.ts';
import type { LoggedRow } from '../testing/queries.ts';
import { testPolicyFiles } from '../testing/test-policy.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

const logged = (): Promise<LoggedRow[]> => plant.database.execution.forTenant(plant.ids.tenantId, readLoggedDecisions);

/** What policy read, from under the seal. */
async function inputOf(row: LoggedRow): Promise<{ text: string; input: PolicyInput }> {
  const text = Buffer.from(await plant.withKeys((keys) => keys.unseal(plant.ids.tenantId, 'content', row.id, row.input_sealed!))).toString('utf8');
  return { text, input: JSON.parse(text) as PolicyInput };
}

/** A run that reads one record, once it has ended. */
async function readOnce(): Promise<string> {
  const before = (await plant.runs()).length;
  await plant.raise('leave me');
  return plant.until(async () => {
    const run = (await plant.runs())[before];
    return run !== undefined && (run.state === 'succeeded' || run.state === 'failed') ? run.state : null;
  });
}

/** Whether a bundle in shadow mode decided beside it; a busy machine may be late with that, and it is not waited for. */
function isAnswered(row: LoggedRow): boolean {
  const [shadow] = row['shadows'] as ShadowDecision[];
  return shadow !== undefined && shadow.reasons[0]?.rule !== 'policy_timeout';
}

describe('the decision log of a worker', () => {
  it('has every decision of a run; what policy read is under seal, byte for byte as it was hashed, and nothing that a ticket said is in the clear', async () => {
    await plant.startWorker();
    await plant.raise('printers');
    const waiting = await plant.untilRun((run) => run.state === 'waiting');
    await plant.vote(waiting.steps['change']!.approval_id!);
    await plant.untilRun((run) => run.state === 'succeeded');

    const rows = await logged();
    expect(rows.map((row) => [row['action'], row['call_key'], row['outcome']])).toEqual([
      ['ledger/record.get', 'main', 'ALLOW'],
      ['ledger/record.get', 'main/ledger/record.get#1', 'ALLOW'], ['ledger/record.update', 'main', 'REQUIRE_HITL'],
      ['ledger/record.update', 'main', 'ALLOW'], ['ledger/record.get', 'main', 'ALLOW'],
    ]);
    for (const row of rows) {
      const { text, input } = await inputOf(row);
      expect(digestOfBytes(text)).toBe(row.input_digest);
      expect(input, 'no rule reads it').not.toHaveProperty('counters');
      expect(row).toMatchObject({
        environment_id: plant.ids.environmentId, workspace_id: plant.ids.workspaceId, workflow: 'triage', path: 'countersign/decision', bundle_expires_at: expect.any(Date),
        masked_input: { run: { workflow: 'triage', autonomy: 'supervised' }, action: input.action, local_time: { zone: 'UTC' }, time: input.time }, differs: false,
      });
      expect(row['erased']).toEqual(Object.keys(input.parameters).map((name) => `/input/parameters/${name}`));
      expect(JSON.stringify({ ...row, input_sealed: null })).not.toContain('printers');
    }
    expect((await inputOf(rows[3]!)).input.parameters).toEqual({ id: 'rec-1', category: 'printers' });
  });

  it('holds the figures that a rule counted by, looked up for a bundle that reads them', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW', most_per_minute: 2 }, ['counters']), { seq: 2 });
    await plant.startWorker();
    expect([await readOnce(), await readOnce(), await readOnce()]).toEqual(['succeeded', 'succeeded', 'failed']);
    const rows = await logged();
    expect(await Promise.all(rows.map(async (row) => [row['outcome'], (await inputOf(row)).input.counters?.action.minute]))).toEqual([['ALLOW', 0], ['ALLOW', 1], ['DENY', 2]]);
    expect(rows[2]!['masked_input']).toMatchObject({ counters: { action: { minute: 2, hour: 2, day: 2 }, instance: { minute: 2 }, workflow: { minute: 2 } } });
    for (const row of rows) expect(digestOfBytes((await inputOf(row)).text)).toBe(row.input_digest);
  });

  it('has what a bundle in shadow mode would have said, from the notification of its release on', async () => {
    await plant.startWorker();
    expect(await readOnce()).toBe('succeeded');
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'DENY' }), { seq: 7, mode: 'shadow' });
    const beside = await plant.until(async () => (expect(await readOnce()).toBe('succeeded'), (await logged()).find(isAnswered) ?? null));
    expect(await plant.database.execution.forTenant(plant.ids.tenantId, readPinnedSeqs), 'what a run began with is what binds').toEqual((await plant.runs()).map(() => 1));
    expect(beside).toMatchObject({ outcome: 'ALLOW', shadows: [{ source: 'bundle', outcome: 'DENY', differs: true, reasons: [{ rule: 'test/as_told' }], bundle: { revision: 'test-DENY', seq: 7 } }] });
  });
});
