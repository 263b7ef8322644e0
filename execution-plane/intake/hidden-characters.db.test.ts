import { afterEach, beforeEach, expect, it } from 'vitest';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

it('what is hidden in an event or in a record never reaches the write, and its kinds are in the audit, by count', async () => {
  await plant.startWorker();
  await plant.raise('print\u202eers \u{e0068}\u{e0069}');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  const events = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ type: string; event: object }>(sql('hidden', `SELECT type, to_jsonb(e) AS event FROM audit.events e WHERE e::text LIKE '%hidden_characters%' ORDER BY pending_no`)));
  const said = events.map(({ type, event }) => [type, JSON.stringify(event)] as const);
  expect(said.map(([type]) => type)).toEqual(expect.arrayContaining(['run.created', 'call.outcome', 'decision.made']));
  for (const [type, text] of said.filter(([name]) => name !== 'decision.made')) expect(text, type).toMatch(/bidirectional:1/);
  expect(said.find(([type]) => type === 'decision.made')?.[1]).toContain('base/hidden_characters');

  await plant.vote(waiting.steps['change']!.approval_id!);
  await plant.untilRun((run) => run.state === 'succeeded');
  expect(plant.ledger.effects).toMatchObject([{ category: 'printers ' }]);
});
