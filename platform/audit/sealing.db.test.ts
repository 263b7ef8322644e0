import { hash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chainOf, FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { newId } from '../ids/typeid.ts';
import { createTestDatabase } from '../postgres/testing.ts';
import type { TestDatabase } from '../postgres/testing.ts';
import { sealPending } from './seal-pending.ts';

let database: TestDatabase;
beforeAll(async () => { database = await createTestDatabase(); });
afterAll(() => database.drop());

const tenantId = newId('tenant');
const chains = Array.from({ length: 3 }, () => chainOf(tenantId, newId('workspace')));
const inTenant = <T>(work: Parameters<typeof database.control.forTenant<T>>[1]): Promise<T> => database.control.forTenant(tenantId, work);
const sealOnce = (): Promise<number> => inTenant((tx) => sealPending(tx, tenantId));
/** Appends events of these chains in one statement, as the engine does. */
const append = (...events: Array<{ chain: string; id: string; body: string }>): Promise<object[]> => inTenant((tx) => tx.rows({ name: 'test.append', text: `SELECT audit.append_all($1, $2, $3, $4, $5, $6)` }, [
  events.map(() => tenantId), events.map(({ chain }) => chain), events.map(({ id }) => id), events.map(() => 'run.created'), events.map(() => null), events.map(({ body }) => body)]));
const linksOf = (chain: string): Promise<Array<{ seq: number; event_id: string; line: string; hash: string }>> => inTenant((tx) =>
  tx.rows({ name: 'test.links', text: `SELECT seq::int AS seq, event_id, line, encode(hash, 'hex') AS hash FROM audit.links WHERE chain = $1 ORDER BY seq` }, [chain]));

test('what several chains wrote together is sealed together, each in the order in which it was written, behind what was there', async () => {
  const bodies = Array.from({ length: 40 }, (_, n) => ({ chain: chains[(n * 7) % 3]!, id: `aud_${n}`, body: `{"n":${n},"text":"größer"}` }));
  await append(...bodies.slice(0, 11));
  await append(...bodies.slice(11, 12));
  expect(await sealOnce()).toBe(12);
  await append(...bodies.slice(12));
  expect(await sealOnce()).toBe(28);
  expect(await sealOnce()).toBe(0);
  for (const chain of chains) {
    let prev_hash = FIRST_PREV_HASH;
    const expected = bodies.filter((one) => one.chain === chain).map(({ id, body }, at) => {
      const line = `{"body_sha256":"${hash('sha256', body, 'hex')}","prev_hash":"${prev_hash}","seq":${at + 1}}`;
      prev_hash = hash('sha256', line, 'hex');
      return { seq: at + 1, event_id: id, line, hash: prev_hash };
    });
    expect(await linksOf(chain)).toEqual(expected);
    expect(await inTenant((tx) => tx.one({ name: 'test.head', text: 'SELECT seq::int AS seq, hash, tree_size::int AS tree FROM audit.chain_heads WHERE chain = $1' }, [chain]))).toEqual({ seq: expected.length, hash: prev_hash, tree: expected.length });
  }
});

test('nothing is sealed that is not pending, behind another head than the one that is there, or without a digest of each', async () => {
  const chain = chainOf(tenantId, newId('workspace'));
  await append({ chain, id: 'aud_a', body: '{}' }, { chain, id: 'aud_b', body: '{}' });
  const [row] = await inTenant((tx) => tx.rows<{ no: string }>({ name: 'test.pending', text: 'SELECT no FROM audit.pending WHERE chain = $1' }, [chain]));
  /** The digests of events with these bodies; the rest of a link is whoever seals' to compute. */
  const digests = (...bodies: string[]): Buffer => Buffer.concat(bodies.flatMap((body) => [Buffer.from(hash('sha256', body, 'hex'), 'hex'), Buffer.alloc(64)]));
  const seal = (nos: readonly unknown[], bytes: Buffer, seq: number, newSeq: number): Promise<object[]> => inTenant((tx) =>
    tx.rows({ name: 'test.seal', text: 'SELECT audit.seal($1, $2, $3, $4, $5, $6, $7, $8)' }, [tenantId, nos, bytes, [chain], [seq], [newSeq], ['h'], [Buffer.alloc(32)]]));
  for (const [nos, events, newSeq] of [[[row!.no], 1, 1], [[row!.no], 3, 3], [[row!.no], 2, 1], [[], 1, 1], [['999999'], 1, 1]] as const) {
    await expect(seal(nos, digests(...Array.from({ length: events }, () => '{}')), 0, newSeq)).rejects.toMatchObject({ code: expect.toBeOneOf(['40001', '23514', '22011', '23502']) });
  }
  // Nothing is taken from the list without a place in its chain, nor sealed with another body's digest.
  const other = chainOf(tenantId, newId('workspace'));
  await append({ chain: other, id: 'aud_hidden', body: '{"hidden":true}' });
  const [hidden] = await inTenant((tx) => tx.rows<{ no: string }>({ name: 'test.pending', text: 'SELECT no FROM audit.pending WHERE chain = $1' }, [other]));
  for (const [nos, bytes] of [[[row!.no, hidden!.no], digests('{}', '{}')], [[row!.no], digests('{}', '{"other":1}')]] as const) {
    await expect(seal(nos, bytes, 0, 2)).rejects.toMatchObject({ code: '40001' });
  }
  expect(await linksOf(chain)).toEqual([]);
  expect(await sealOnce()).toBe(3);
  await append({ chain, id: 'aud_c', body: '{}' });
  const [next] = await inTenant((tx) => tx.rows<{ no: string }>({ name: 'test.pending', text: 'SELECT no FROM audit.pending WHERE chain = $1' }, [chain]));
  // A head as it was before: the place is taken. One that nobody has come to yet: it is not where it was read.
  await expect(seal([next!.no], digests('{}'), 1, 2)).rejects.toMatchObject({ code: '23505', constraint: 'links_pk' });
  await expect(seal([next!.no], digests('{}'), 3, 4)).rejects.toMatchObject({ code: '40001' });
  expect(await sealOnce()).toBe(1);
});

test('two who seal for one tenant do not seal the same twice: the second comes away with nothing', async () => {
  const chain = chainOf(tenantId, newId('workspace'));
  await append({ chain, id: 'aud_once', body: '{}' });
  const [sealed, meanwhile] = await inTenant(async (tx) => [await sealPending(tx, tenantId), await sealOnce()]);
  expect([sealed, meanwhile, (await linksOf(chain)).length]).toEqual([1, 0, 1]);
});
