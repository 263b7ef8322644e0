import { afterEach, expect, it } from 'vitest';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

let plant: Plant;
let admin: Database;
afterEach(async () => {
  await admin.close();
  await plant.close();
});

const asAdmin = (text: string): Promise<number> => admin.forNoTenant((tx) => tx.change(sql(text.slice(0, 40), text)));

it('with the audit unwritable no call leaves; with the audit back it goes through, once', async () => {
  plant = await Plant.open();
  admin = new Database({ url: plant.database.adminUrl, applicationName: 'test admin' });
  await plant.startWorker();
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');

  // As a full disk would: every event is refused. A sequence counts the tries, since it is not undone with them.
  await asAdmin('CREATE SEQUENCE audit.tries');
  await asAdmin('GRANT USAGE ON SEQUENCE audit.tries TO PUBLIC');
  await asAdmin(`CREATE FUNCTION audit.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('audit.tries'); RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$`);
  await asAdmin('CREATE TRIGGER disk_full BEFORE INSERT ON audit.events FOR EACH ROW EXECUTE FUNCTION audit.disk_full()');
  await plant.vote(waiting.steps['change']!.approval_id!);
  await expect.poll(async () => (await admin.forNoTenant((tx) => tx.one<{ tries: number }>(sql('tries', 'SELECT last_value::int AS tries FROM audit.tries')))).tries, { timeout: 20_000 }).toBeGreaterThan(2);
  expect(plant.ledger.effects).toHaveLength(0);
  const calls = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('writes', `SELECT id FROM execution.tool_calls WHERE risk = 'write'`)));
  expect(calls, 'nothing was intended either').toEqual([]);

  await asAdmin('DROP TRIGGER disk_full ON audit.events');
  const done = await plant.untilRun((run) => run.state === 'succeeded');
  expect(plant.ledger.effects).toHaveLength(1);
  expect(done.steps['change']).toMatchObject({ state: 'succeeded' });
});
