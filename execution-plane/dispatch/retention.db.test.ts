import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Contents } from '../contents/contents.ts';
import { RetentionSettings } from '../contents/retention-settings.ts';
import { Tenants } from '../loops/tenants.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { Sweeper } from './sweeper.ts';

/** Two runs that ended, and contents, traces and settings whose times are moved back. */
let plant: Plant;
let sweeper: Sweeper;
let runs: Array<{ id: string; subject: string }>;

const inTenant = <T extends object>(name: string, text: string, values: unknown[] = []): Promise<T[]> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<T>(sql(name, text), values));
const inControl = (name: string, text: string, values: unknown[]): Promise<unknown> => plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql(name, text), values));
const kept = async (): Promise<number> => (await inTenant<{ count: number }>('kept', 'SELECT count(*)::int AS count FROM execution.contents WHERE sealed IS NOT NULL'))[0]?.count ?? -1;
const contentsOf = async (runId: string): Promise<number> => (await inTenant<{ count: number }>('kept_of', `
  SELECT count(*)::int AS count FROM execution.contents c WHERE c.sealed IS NOT NULL AND c.id IN (
    SELECT trigger_content_id FROM execution.runs WHERE id = $1 UNION ALL SELECT unnest(ARRAY[input_content_id, output_content_id]) FROM execution.steps WHERE run_id = $1
    UNION ALL SELECT unnest(ARRAY[action_content_id, output_content_id]) FROM execution.tool_calls WHERE run_id = $1)`, [runId]))[0]?.count ?? -1;
const setRetention = (content_days: number | null, operational_days: number | null = null): Promise<unknown> => inControl('retention', `
  INSERT INTO control.retention_settings AS r (tenant_id, content_days, operational_days, set_by, set_at) VALUES ($1, $2, $3, 'prn_x', clock_timestamp() - interval '1 minute')
  ON CONFLICT (tenant_id) DO UPDATE SET content_days = $2, operational_days = $3, version = r.version + 1`, [plant.ids.tenantId, content_days, operational_days]);
const hold = (scope: string, target: string): Promise<unknown> => inControl('hold', `INSERT INTO control.legal_holds (tenant_id, id, scope, target, reason_sealed, set_by) VALUES ($1, $2, $3, $4, '\\x00', 'prn_x')`, [plant.ids.tenantId, newId('legal_hold'), scope, target]);
const releaseAll = (): Promise<unknown> => inControl('release', `UPDATE control.legal_holds SET released_by = 'prn_x', released_at = clock_timestamp(), release_reason_digest = 'd' WHERE tenant_id = $1 AND released_at IS NULL`, [plant.ids.tenantId]);
const sweep = async (): Promise<void> => { while (await sweeper.shred()); };

beforeAll(async () => {
  plant = await Plant.open();
  const worker = await plant.startWorker();
  for (const title of ['leave me', 'leave me']) await plant.raise(title);
  await plant.until(async () => ((await inTenant('ended', `SELECT id FROM execution.runs WHERE state = 'succeeded'`)).length === 2 ? true : null));
  await worker.stop();
  runs = await inTenant('runs', 'SELECT id, subject FROM execution.runs ORDER BY id');
  await inTenant('age', `UPDATE execution.runs SET created_at = created_at - interval '10 days', finished_at = finished_at - interval '10 days', evidence_id = 'evd_x'`);
  const database = plant.database.execution;
  const tenants = new Tenants(database);
  const keys = await FileKeys.open(path.join(plant.folder, 'key'), { create: false });
  sweeper = new Sweeper({
    database, tenants, changes: { changed: () => undefined, stepsReady: () => undefined }, contents: new Contents(keys, 14), clock: systemClock, log: createLogger('test', 'silent'), worker: 'test',
  });
});
afterAll(() => plant.close());

/** As it was ten days ago, sealed for fourteen. */
beforeEach(async () => {
  await releaseAll();
  await setRetention(null);
  await inTenant('whole_again', `UPDATE execution.contents SET sealed = '\\x01', shredded_at = NULL, created_at = clock_timestamp() - interval '10 days', expires_at = clock_timestamp() + interval '4 days'`);
  await sweep();
  expect(await contentsOf(runs[0]!.id)).toBeGreaterThan(1);
});

describe('content', () => {
  it('goes earlier where its tenant says so, and what is gone stays gone when it says otherwise', async () => {
    await setRetention(11);
    await sweep();
    expect(await kept()).toBeGreaterThan(0);
    await setRetention(9);
    await sweep();
    expect(await kept()).toBe(0);
    await setRetention(3650);
    await sweep();
    expect(await kept()).toBe(0);
  });

  it('stays longer where its tenant says so, also when it was sealed before that was known', async () => {
    await setRetention(20);
    await inTenant('sealed_for_less', `UPDATE execution.contents SET expires_at = clock_timestamp() - interval '1 minute'`);
    await sweep();
    expect(await kept()).toBeGreaterThan(0);
    expect(await inTenant('ends', `SELECT FROM execution.contents WHERE expires_at < clock_timestamp() + interval '9 days' OR expires_at > clock_timestamp() + interval '11 days'`)).toEqual([]);
  });

  it('of runs that are proven goes at once where its tenant keeps none, and what a run has that is not proven yet stays', async () => {
    await inTenant('not_proven', 'UPDATE execution.runs SET evidence_id = NULL WHERE id = $1', [runs[0]!.id]);
    await setRetention(0);
    await sweep();
    expect([await contentsOf(runs[0]!.id) > 1, await contentsOf(runs[1]!.id)]).toEqual([true, 0]);
    await inTenant('proven', `UPDATE execution.runs SET evidence_id = 'evd_x' WHERE id = $1`, [runs[0]!.id]);
    await inTenant('ended_by_its_proof', `UPDATE execution.contents SET expires_at = now() WHERE sealed IS NOT NULL`);
    await sweep();
    expect(await kept()).toBe(0);
  });

  it.each([
    ['run', () => runs[0]!.id], ['subject', () => runs[0]!.subject],
  ])('of a %s that is held stays, and that of the other goes', async (scope, target) => {
    await hold(scope, target());
    await setRetention(1);
    await sweep();
    expect([await contentsOf(runs[0]!.id) > 1, await contentsOf(runs[1]!.id)]).toEqual([true, 0]);
    await releaseAll();
    await inTenant('tomorrow', `UPDATE execution.contents SET expires_at = expires_at - interval '1 day' WHERE sealed IS NOT NULL`);
    await sweep();
    expect(await kept()).toBe(0);
  });

  it.each([['workspace', () => plant.ids.workspaceId], ['tenant', () => plant.ids.tenantId]])('of a %s that is held stays', async (scope, target) => {
    const before = await kept();
    await hold(scope, target());
    await setRetention(1);
    await sweep();
    expect([await contentsOf(runs[0]!.id) > 1, await contentsOf(runs[1]!.id) > 1, scope === 'tenant' ? await kept() : before]).toEqual([true, true, before]);
  });

  it('is sealed for as long as its tenant says', async () => {
    await setRetention(3);
    const database = plant.database.execution;
    const settings = new RetentionSettings(database, new Tenants(database));
    const contents = new Contents(await FileKeys.open(path.join(plant.folder, 'key'), { create: false }), 14, (tenantId) => settings.daysOf(tenantId));
    const now = new Date();
    expect((await contents.seal(plant.ids.tenantId, 'output', {}, [], now)).expiresAt.getTime() - now.getTime()).toBe(3 * 86_400_000);
    const another = newId('tenant');
    expect((await contents.seal(another, 'output', {}, [], now)).expiresAt.getTime() - now.getTime()).toBe(14 * 86_400_000);
    expect([await contents.isKeptForRunsOnly(plant.ids.tenantId), await contents.isKeptForRunsOnly(another)]).toEqual([false, false]);
    const none = new Contents(await FileKeys.open(path.join(plant.folder, 'key'), { create: false }), 14, () => Promise.resolve(0));
    expect((await none.seal(another, 'output', {}, [], now)).expiresAt.getTime() - now.getTime(), 'as long as a run may be open').toBe(14 * 86_400_000);
    expect(await none.isKeptForRunsOnly(another)).toBe(true);
  });
});

describe('operational traces', () => {
  const traces = async (runId: string): Promise<object | undefined> => (await inTenant<object>('traces', `
    SELECT (SELECT count(*)::int FROM execution.step_attempts a JOIN execution.steps s ON s.id = a.step_id WHERE s.run_id = r.id) > 0 AS attempts,
           (SELECT count(*)::int FROM execution.decisions d WHERE d.run_id = r.id AND d.masked_input IS NOT NULL) > 0 AS inputs,
           (SELECT count(*)::int FROM execution.tool_calls c WHERE c.run_id = r.id) > 0 AS calls, r.traces_ended_at IS NOT NULL AS ended
      FROM execution.runs r WHERE r.id = $1`, [runId]))[0];

  it('stay for ever unless the tenant says otherwise; then what the run was and called stays, and how it went goes; a hold keeps that too', async () => {
    const whole = { attempts: true, inputs: true, calls: true, ended: false };
    expect(await traces(runs[0]!.id)).toEqual(whole);
    await setRetention(null, 11);
    await sweep();
    expect(await traces(runs[0]!.id)).toEqual(whole);
    await hold('run', runs[1]!.id);
    await setRetention(null, 9);
    await sweep();
    expect(await traces(runs[0]!.id)).toEqual({ attempts: false, inputs: false, calls: true, ended: true });
    expect(await traces(runs[1]!.id)).toEqual(whole);
  });
});
