import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { Tenants } from '../loops/tenants.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { Erasure } from './erasure.ts';

let plant: Plant;
let keys: Keys;
let closeKeys: () => Promise<void>;
let erasure: Erasure;

const inTenant = <T extends object>(name: string, text: string, values: unknown[] = []): Promise<T[]> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<T>(sql(name, text), values));
const inControl = (name: string, text: string, values: unknown[]): Promise<unknown> => plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql(name, text), values));
const keptOf = async (subject: string): Promise<number> => (await inTenant<{ count: number }>('kept_of', `
  SELECT count(DISTINCT c.id)::int AS count FROM execution.runs r LEFT JOIN execution.steps s ON s.run_id = r.id JOIN execution.contents c ON c.id IN (r.trigger_content_id, s.input_content_id, s.output_content_id)
   WHERE r.subject = $1 AND c.sealed IS NOT NULL`, [subject]))[0]?.count ?? -1;

/** As the control plane asks. */
async function ask(terms: readonly string[]): Promise<string> {
  const id = newId('erasure_request');
  const sealed = await keys.seal(plant.ids.tenantId, 'identity', id, Buffer.from(JSON.stringify({ principal_id: null, terms })));
  await inControl('ask', 'INSERT INTO execution.erasure_tasks (tenant_id, request_id, terms_sealed) VALUES ($1, $2, $3)', [plant.ids.tenantId, id, sealed]);
  return id;
}

async function task(id: string): Promise<{ state: string; waiting: boolean; forgotten: boolean } | undefined> {
  await inTenant('at_once', 'UPDATE execution.erasure_tasks SET claimed_until = NULL');
  return (await inTenant<{ state: string; waiting: boolean; forgotten: boolean }>('task', 'SELECT state, waiting_runs > 0 AS waiting, terms_sealed IS NULL AS forgotten FROM execution.erasure_tasks WHERE request_id = $1', [id]))[0];
}

const turn = async (id: string): ReturnType<typeof task> => (await erasure.turn(), await task(id));
/** Two runs that ended, of which one is about Erika, and one about her that waits for a person. */
beforeAll(async () => {
  plant = await Plant.open();
  const worker = await plant.startWorker();
  await plant.raise('Erika Mustermann cannot print', 'rec-erika');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  await plant.vote(waiting.steps['change']!.approval_id!);
  await plant.untilRun((run) => run.state === 'succeeded');
  await plant.raise('leave me', 'rec-nobody');
  await plant.raise('Erika Mustermann waits', 'rec-waiting');
  await plant.until(async () => ((await inTenant('settled', `SELECT subject, state FROM execution.runs WHERE (subject, state) IN (('rec-nobody', 'succeeded'), ('rec-waiting', 'waiting'))`)).length === 2 ? true : null));
  await worker.stop();
  const ring = await openKeys(plant.config().keys, { databaseUrl: plant.database.executionUrl });
  keys = ring.keys;
  closeKeys = () => ring.close();
  const database = plant.database.execution;
  erasure = new Erasure({ database, tenants: new Tenants(database), keys });
  await inTenant('label', `UPDATE execution.runs SET subject_label = 'of ERIKA mustermann' WHERE subject = 'rec-erika'`);
});
afterAll(async () => {
  await closeKeys();
  await plant.close();
});

/** The subjects of runs whose kept contents say `text`. */
async function saying(text: string): Promise<string[]> {
  const rows = await inTenant<{ id: string; sealed: Uint8Array; subject: string }>('saying', `
    SELECT DISTINCT c.id, c.sealed, r.subject FROM execution.runs r LEFT JOIN execution.steps s ON s.run_id = r.id JOIN execution.contents c ON c.id IN (r.trigger_content_id, s.input_content_id, s.output_content_id) WHERE c.sealed IS NOT NULL`);
  const subjects = new Set<string>();
  for (const { id, sealed, subject } of rows) if (Buffer.from(await keys.unseal(plant.ids.tenantId, 'content', id, sealed)).toString('utf8').includes(text)) subjects.add(subject);
  return [...subjects].toSorted();
}

it('finds a person in what is sealed and in what is not, takes it away, leaves what others said, and what a run under way needs until it has ended', async () => {
  const before = await keptOf('rec-nobody');
  expect(before).toBeGreaterThan(0);
  expect(await saying('Erika')).toEqual(['rec-erika', 'rec-waiting']);
  const id = await ask(['Erika Mustermann']);
  await turn(id);
  expect(await turn(id)).toMatchObject({ state: 'open', waiting: true, forgotten: false });
  expect(await saying('Erika')).toEqual(['rec-waiting']);
  expect(await keptOf('rec-nobody')).toBe(before);
  expect(await inTenant('labels', `SELECT FROM execution.runs WHERE subject = 'rec-erika' AND subject_label IS NOT NULL`)).toEqual([]);

  const worker = await plant.startWorker();
  const [run] = await inTenant<{ id: string }>('waiting', `SELECT id FROM execution.runs WHERE state = 'waiting'`);
  await plant.command(run!.id, 'cancel');
  // The worker does the rest by itself.
  await plant.until(async () => ((await task(id))?.state === 'done' ? true : null));
  await worker.stop();
  expect(await task(id)).toMatchObject({ forgotten: true });
  expect(await saying('Erika')).toEqual([]);
  expect(await keptOf('rec-nobody')).toBe(before);
  const places = (await inTenant<{ place: string }>('places', 'SELECT DISTINCT place FROM execution.erasure_findings ORDER BY place')).map((row) => row.place);
  expect(places).toEqual(expect.arrayContaining(['execution.contents', 'execution.decisions', 'execution.runs']));
}, 60_000);

it('stands still while a hold is on the tenant, and leaves the run that a hold is on', async () => {
  const id = await ask(['leave me']);
  const hold = async (scope: string, target: string): Promise<void> => { await inControl('hold', `INSERT INTO control.legal_holds (tenant_id, id, scope, target, reason_sealed, set_by) VALUES ($1, $2, $3, $4, '\\x00', 'prn_x')`, [plant.ids.tenantId, newId('legal_hold'), scope, target]); };
  const release = (): Promise<unknown> => inControl('release', `UPDATE control.legal_holds SET released_by = 'prn_x', released_at = clock_timestamp(), release_reason_digest = 'd' WHERE tenant_id = $1 AND released_at IS NULL`, [plant.ids.tenantId]);
  const before = await keptOf('rec-nobody');
  await hold('tenant', plant.ids.tenantId);
  expect(await turn(id)).toMatchObject({ state: 'open' });
  expect(await keptOf('rec-nobody')).toBe(before);
  await release();
  await hold('subject', 'rec-nobody');
  await turn(id);
  expect(await turn(id)).toMatchObject({ state: 'open', waiting: true });
  expect(await keptOf('rec-nobody')).toBe(before);
  await release();
  await turn(id);
  expect(await turn(id)).toMatchObject({ state: 'done', forgotten: true });
  expect(await keptOf('rec-nobody')).toBeLessThan(before);
});
