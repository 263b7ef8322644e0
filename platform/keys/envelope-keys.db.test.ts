import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../ids/typeid.ts';
import type { Database, Statement } from '../postgres/database.ts';
import { createTestDatabase } from '../postgres/testing.ts';
import type { TestDatabase } from '../postgres/testing.ts';
import { EnvelopeKeys } from './envelope-keys.ts';
import { FileKek } from './file-kek.ts';
import { FileKeys } from './file-keys.ts';
import type { Kek } from './kek.ts';
import { createKeyFile } from './key-file.ts';
import { KeysError } from './keys.ts';
import { KeyStore, addKey } from './repository-key-store.ts';

let folder: string;
let database: TestDatabase;
let file: FileKek;
let legacy: FileKeys;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'envelope-keys-'));
  database = await createTestDatabase();
  await createKeyFile(path.join(folder, 'key'));
  file = await FileKek.open(path.join(folder, 'key'));
  legacy = await FileKeys.open(path.join(folder, 'key'), { create: false });
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** A root key that counts how often it is asked, and can be made to fail. */
class WatchedKek implements Kek {
  readonly id = file.id;
  asked = 0;
  failure: KeysError | null = null;

  wrap(...args: Parameters<Kek['wrap']>): Promise<Uint8Array> {
    return this.#answer(() => file.wrap(...args));
  }

  unwrap(...args: Parameters<Kek['unwrap']>): Promise<Uint8Array> {
    return this.#answer(() => file.unwrap(...args));
  }

  #answer(work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    this.asked += 1;
    return this.failure === null ? work() : Promise.reject(this.failure);
  }
}

/** Counts the transactions of the database behind it. */
function watched(real: Database): { database: Database; transactions: () => number } {
  let transactions = 0;
  const forTenant: Database['forTenant'] = (tenantId, work) => {
    transactions += 1;
    return real.forTenant(tenantId, work);
  };
  return { database: { forTenant } as Database, transactions: () => transactions };
}

let tenantId: string;
beforeEach(() => { tenantId = newId('tenant'); });

const of = (plane: Database, more: Partial<ConstructorParameters<typeof EnvelopeKeys>[0]> = {}): EnvelopeKeys => new EnvelopeKeys({ store: new KeyStore(plane), kek: file, legacy: [legacy], ...more });
const text = Buffer.from('a text that nobody should read');
const rowsOf = (): Promise<Array<{ id: string; generation: number; seals: string; superseded_at: Date | null }>> => database.control.forTenant(tenantId, (tx) => tx.rows(everyKey, [tenantId]));
/** As whoever is asked for another key does it. */
async function rotate(keys: EnvelopeKeys): Promise<void> {
  const next = await keys.nextSealingKey(tenantId, 'content');
  await database.control.forTenant(tenantId, (tx) => addKey(tx, tenantId, next));
  keys.forget(tenantId);
}
const everyKey: Statement = { name: 'test.wrapped_keys', text: 'SELECT id, generation, seals, superseded_at FROM control.wrapped_keys WHERE tenant_id = $1 ORDER BY purpose, generation' };
const shredAll: Statement = { name: 'test.shred', text: 'UPDATE control.wrapped_keys SET wrapped = NULL, shredded_at = clock_timestamp() WHERE tenant_id = $1' };
const manySeals: Statement = { name: 'test.seals', text: 'UPDATE control.wrapped_keys SET seals = 2147483648 WHERE tenant_id = $1' };

describe('sealing', () => {
  test('what one plane sealed the other opens, and nobody else does: not for another tenant, purpose or place, nor altered', async () => {
    const [control, execution] = [of(database.control), of(database.execution)];
    const sealed = await execution.seal(tenantId, 'content', 'cnt_1', text);
    expect(Buffer.from(await control.unseal(tenantId, 'content', 'cnt_1', sealed))).toEqual(text);
    expect(Buffer.from(sealed).includes(text)).toBe(false);
    const other = newId('tenant');
    await control.seal(other, 'content', 'x', text);
    await control.seal(tenantId, 'credential', 'x', text);
    for (const [tenant, purpose, place] of [[other, 'content', 'cnt_1'], [tenantId, 'credential', 'cnt_1'], [tenantId, 'content', 'cnt_2'], [newId('tenant'), 'content', 'cnt_1']] as const) {
      await expect(control.unseal(tenant, purpose, place, sealed)).rejects.toMatchObject({ code: 'unseal_failed' });
    }
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = altered[at]! ^ 1;
      await expect(control.unseal(tenantId, 'content', 'cnt_1', altered)).rejects.toMatchObject({ code: 'unseal_failed' });
    }
  });

  test('many who begin at the same moment in both planes seal under one key', async () => {
    const planes = [of(database.control), of(database.execution), of(database.execution)];
    const sealed = await Promise.all(Array.from({ length: 60 }, (_, i) => planes[i % 3]!.seal(tenantId, 'content', `cnt_${i}`, text)));
    for (const [i, bytes] of sealed.entries()) expect(Buffer.from(await planes[(i + 1) % 3]!.unseal(tenantId, 'content', `cnt_${i}`, bytes))).toEqual(text);
    expect((await rowsOf()).map(({ generation }) => generation)).toEqual([1]);
  });

  test('a key that is known costs no transaction and no question to the root key', async () => {
    const store = watched(database.execution);
    const kek = new WatchedKek();
    const keys = of(store.database, { kek });
    const sealed = await keys.seal(tenantId, 'content', 'cnt_1', text);
    await keys.unseal(tenantId, 'content', 'cnt_1', sealed);
    const before = [store.transactions(), kek.asked];
    for (let i = 0; i < 100; i += 1) await keys.unseal(tenantId, 'content', `cnt_${i}`, await keys.seal(tenantId, 'content', `cnt_${i}`, text));
    expect([store.transactions(), kek.asked]).toEqual(before);
    // One question to wrap the new key and one to unwrap it; to open and to seal is the same key.
    expect(before[1]).toBe(2);
  });

  test('what was sealed under the key file itself is opened, by another process too, and sealed anew under a key of its own', async () => {
    const keys = of(database.control);
    const before = await legacy.seal(tenantId, 'credential', 'cred_1', text);
    expect(Buffer.from(await keys.unseal(tenantId, 'credential', 'cred_1', before))).toEqual(text);
    expect((await keys.seal(tenantId, 'credential', 'cred_1', text))[0]).toBe(2);
    await expect(of(database.control, { legacy: [] }).unseal(tenantId, 'credential', 'cred_1', before)).rejects.toMatchObject({ code: 'unseal_failed', message: expect.stringContaining('COUNTERSIGN_KEYS_ALSO') as string });
  });

  test('a key that was rotated goes on opening; the next one seals, here at once and elsewhere within a minute', async () => {
    let now_ms = 0;
    const [here, elsewhere] = [of(database.control), of(database.execution, { now: () => now_ms })];
    const old = await elsewhere.seal(tenantId, 'content', 'cnt_1', text);
    await rotate(here);
    const generations = async (): Promise<number[]> => [await here.sealingGeneration(tenantId, 'content'), await elsewhere.sealingGeneration(tenantId, 'content')];
    expect(await generations()).toEqual([2, 1]);
    now_ms = 60_000;
    expect(await generations()).toEqual([2, 2]);
    expect(Buffer.from(await here.unseal(tenantId, 'content', 'cnt_1', old))).toEqual(text);
    expect((await rowsOf()).map((row) => [row.generation, row.superseded_at !== null])).toEqual([[1, true], [2, false]]);
  });

  test('a key that has sealed as often as random nonces allow is followed by another', async () => {
    let now_ms = 0;
    const keys = of(database.execution, { now: () => now_ms });
    for (let i = 0; i < 5; i += 1) await keys.seal(tenantId, 'content', 'cnt_1', text);
    now_ms = 60_000;
    await keys.seal(tenantId, 'content', 'cnt_1', text);
    expect((await rowsOf()).map(({ seals }) => seals)).toEqual(['5']);
    await database.control.forTenant(tenantId, (tx) => tx.change(manySeals, [tenantId]));
    now_ms = 120_000;
    await keys.seal(tenantId, 'content', 'cnt_1', text);
    expect(await keys.sealingGeneration(tenantId, 'content')).toBe(2);
  });
});

describe('shredding', () => {
  test('what a key sealed is gone with it: here at once, elsewhere within a minute; and nothing is sealed for that tenant any more', async () => {
    let now_ms = 0;
    const [here, elsewhere] = [of(database.control), of(database.execution, { now: () => now_ms })];
    const sealed = await here.seal(tenantId, 'content', 'cnt_1', text);
    await elsewhere.unseal(tenantId, 'content', 'cnt_1', sealed);
    await database.control.forTenant(tenantId, (tx) => tx.change(shredAll, [tenantId]));
    here.forget(tenantId);
    await expect(here.unseal(tenantId, 'content', 'cnt_1', sealed)).rejects.toMatchObject({ code: 'key_shredded' });
    await expect(here.seal(tenantId, 'content', 'cnt_1', text)).rejects.toMatchObject({ code: 'key_shredded' });
    now_ms = 59_999;
    expect(Buffer.from(await elsewhere.unseal(tenantId, 'content', 'cnt_1', sealed))).toEqual(text);
    now_ms = 60_000;
    await expect(elsewhere.unseal(tenantId, 'content', 'cnt_1', sealed)).rejects.toMatchObject({ code: 'key_shredded' });
    await expect(rotate(here)).rejects.toMatchObject({ code: 'key_shredded' });
  });
});

describe('a root key that is away', () => {
  const away = new KeysError('kek_unreachable', 'no answer');
  const refused = new KeysError('kek_refused', 'no right');

  test('what is known goes on for fifteen minutes; what is not is refused, and not sealed in the clear', async () => {
    let now_ms = 0;
    const kek = new WatchedKek();
    const keys = of(database.execution, { kek, now: () => now_ms });
    await keys.seal(tenantId, 'content', 'cnt_1', text);
    kek.failure = away;
    await expect(keys.seal(tenantId, 'credential', 'cred_1', text)).rejects.toMatchObject({ code: 'kek_unreachable' });
    for (now_ms of [60_000, 300_000, 899_000]) await keys.seal(tenantId, 'content', 'cnt_1', text);
    now_ms = 960_000;
    await expect(keys.seal(tenantId, 'content', 'cnt_1', text)).rejects.toMatchObject({ code: 'kek_unreachable' });
    kek.failure = null;
    await keys.seal(tenantId, 'content', 'cnt_1', text);
  });

  test('one that refuses is obeyed after five minutes', async () => {
    let now_ms = 0;
    const kek = new WatchedKek();
    const keys = of(database.execution, { kek, now: () => now_ms });
    await keys.seal(tenantId, 'content', 'cnt_1', text);
    kek.failure = refused;
    now_ms = 299_000;
    await keys.seal(tenantId, 'content', 'cnt_1', text);
    now_ms = 360_000;
    await expect(keys.seal(tenantId, 'content', 'cnt_1', text)).rejects.toMatchObject({ code: 'kek_refused' });
  });
});

describe('signing', () => {
  test('a key of its own for each purpose and generation, the same in both planes and after a restart', async () => {
    const kids = new Set<string>();
    for (const purpose of ['policy_bundle', 'checkpoint', 'evidence', 'webhook', 'work_order', 'agent_release'] as const) {
      for (const generation of [1, 2]) {
        const [one, other] = await Promise.all([of(database.control).signingKey(tenantId, purpose, generation), of(database.execution).signingKey(tenantId, purpose, generation)]);
        expect(one.kid).toBe(other.kid);
        expect(one.algorithm).toBe(purpose === 'policy_bundle' ? 'ES256' : 'EdDSA');
        kids.add(one.kid);
      }
    }
    expect(kids.size).toBe(12);
  });

  test('a key that was derived from the key file and published goes on signing, without the file too', async () => {
    const before = await legacy.signingKey(tenantId, 'checkpoint', 1);
    const publish: Statement = { name: 'test.publish', text: `INSERT INTO control.signing_keys (tenant_id, kid, purpose, algorithm, public_jwk) VALUES ($1, $2, 'checkpoint', 'EdDSA', '{}')` };
    await database.control.forTenant(tenantId, async (tx) => {
      await tx.change({ name: 'test.directory', text: `INSERT INTO control.tenant_directory (tenant_id, slug, region, cell) VALUES ($1, $1, 'us', 'local')` }, [tenantId]);
      await tx.change({ name: 'test.tenant', text: `INSERT INTO control.tenants (tenant_id, name) VALUES ($1, 'T')` }, [tenantId]);
      await tx.change(publish, [tenantId, before.kid]);
    });
    await expect(of(database.control, { legacy: [] }).signingKey(tenantId, 'checkpoint')).rejects.toMatchObject({ code: 'signing_key_missing' });
    expect((await of(database.control).signingKey(tenantId, 'checkpoint')).kid).toBe(before.kid);
    expect((await of(database.execution, { legacy: [] }).signingKey(tenantId, 'checkpoint')).kid).toBe(before.kid);
  });
});
