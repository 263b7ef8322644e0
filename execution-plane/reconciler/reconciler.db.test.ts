import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { LOST_RECORD } from '../testing/ledger-connector.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

describe('the reconciler', () => {
  it('finds what no webhook told of, once, through governed calls of its own run', async () => {
    plant.ledger.records.set(LOST_RECORD, { id: LOST_RECORD, title: 'leave me', category: 'none', version: 0 });
    await plant.startWorker({ reconcileMs: 50 });
    await plant.startWorker({ reconcileMs: 50 });
    const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => plant.database.execution.forTenant(plant.ids.tenantId, work);
    await plant.until(async () => (await plant.runs()).some((run) => run.state === 'succeeded') || null);
    const cursor = await plant.until(async () => {
      const row = await inTenant((tx) => tx.maybeOne<{ cursor: string; found: number }>(sql('cursor', 'SELECT cursor, found_count::int AS found FROM execution.reconciler_cursors')));
      return row !== undefined && Number(row.cursor) >= 3 ? row : null;
    });
    expect(cursor.found).toBe(1);
    expect(await inTenant((tx) => tx.rows(sql('found', 'SELECT source, state, dedupe_key FROM execution.deliveries')))).toEqual([{ source: 'reconciler', state: 'started', dedupe_key: `${LOST_RECORD}:0` }]);

    const system = await inTenant((tx) => tx.rows<{ state: string; fence: string }>(sql('system', `SELECT r.state, s.fence::text AS fence FROM execution.runs r JOIN execution.steps s ON s.run_id = r.id WHERE r.trigger_kind = 'system'`)));
    expect(system).toMatchObject([{ state: 'running' }]);
    const polls = await inTenant((tx) => tx.rows<{ call_key: string }>(sql('polls', `SELECT c.call_key FROM execution.tool_calls c JOIN execution.runs r ON r.id = c.run_id WHERE r.trigger_kind = 'system' AND c.state = 'succeeded'`)));
    // One poll at a time: each under a fence of its own.
    expect(new Set(polls.map((poll) => poll.call_key)).size).toBe(polls.length);
  });
});
