import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chainOf, FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { EMPTY_FRONTIER, grow, leafHash, rootOf, verifyConsistency, verifyInclusion } from '@countersign/contracts/transparency/merkle.ts';
import { newId } from '../ids/typeid.ts';
import { Database } from '../postgres/database.ts';
import { createTestDatabase } from '../postgres/testing.ts';
import type { TestDatabase } from '../postgres/testing.ts';
import { appendAudit } from './append.ts';
import { sealPending } from './seal-pending.ts';
import { consistencyProof, inclusionProof, inclusionProofs, rootAt } from './tree-reader.ts';

/** More than a whole tile of the second level. */
const LONG = 66_100;

let database: TestDatabase;
const [tenantId, workspaceId] = [newId('tenant'), newId('workspace')];
const chain = chainOf(tenantId, workspaceId);
const old = chainOf(tenantId, newId('workspace'));
let lines: string[];

const inTenant = <T>(work: Parameters<typeof database.control.forTenant<T>>[1]): Promise<T> => database.control.forTenant(tenantId, work);
const rootOfLines = (size: number, of: readonly string[]): Buffer => Buffer.from(rootOf(grow(EMPTY_FRONTIER, of.slice(0, size).map(leafHash))));
const roots = new Map<number, Buffer>();
/** Of the old chain; computed once per size, since it hashes every line. */
function oldRoot(size: number): Buffer {
  const root = roots.get(size) ?? rootOfLines(size, lines);
  roots.set(size, root);
  return root;
}

async function sealAll(): Promise<number> {
  let all = 0;
  for (let sealed = -1; sealed !== 0; all += sealed) sealed = await inTenant((tx) => sealPending(tx, tenantId));
  return all;
}

beforeAll(async () => {
  database = await createTestDatabase();
  const admin = new Database({ url: database.adminUrl, applicationName: 'test admin' });
  // A chain of before there were trees: sealed, with a head, without a leaf.
  await admin.forTenant(tenantId, async (tx) => {
    await tx.change({
      name: 'test.links', text: `INSERT INTO audit.links (tenant_id, chain, seq, event_id, body_sha256, prev_hash, hash)
                                 SELECT $1, $2, n, 'aud_' || n, sha256(n::text::bytea), decode($4, 'hex'), decode($4, 'hex') FROM generate_series(1, $3::int) n`,
    }, [tenantId, old, LONG, FIRST_PREV_HASH]);
    await tx.change({ name: 'test.chain_head', text: `INSERT INTO audit.chain_heads (tenant_id, chain, seq, hash) VALUES ($1, $2, $3, 'h')` }, [tenantId, old, LONG]);
  });
  await admin.close();
  lines = Array.from({ length: LONG }, (_, at) => `{"body_sha256":"${hash('sha256', String(at + 1), 'hex')}","prev_hash":"${FIRST_PREV_HASH}","seq":${at + 1}}`);
  await sealAll();
}, 120_000);
afterAll(() => database.drop());

describe('the tree of a chain', () => {
  test('of before is caught up with, and its roots are those of its lines', async () => {
    for (const size of [1, 255, 256, 257, 65_535, 65_536, 65_537, LONG]) {
      expect([size, Buffer.from(await inTenant((tx) => rootAt(tx, tenantId, old, size)))]).toEqual([size, oldRoot(size)]);
    }
  });

  test('proves every event that is asked for, at every size, to both planes', async () => {
    for (const plane of [database.control, database.execution]) {
      for (const size of [700, 65_536, 65_900, LONG]) {
        const seqs = [1, 256, 257, 699, size - 1, size];
        const proofs = await plane.forTenant(tenantId, (tx) => inclusionProofs(tx, tenantId, old, seqs, size));
        const root = oldRoot(size);
        expect(proofs.map((proof, at) => verifyInclusion(proof, leafHash(lines[(seqs[at] ?? 0) - 1] ?? ''), root))).toEqual(seqs.map(() => true));
      }
    }
  });

  test('proves that it only ever grew', async () => {
    for (const [from, to] of [[1, 2], [255, 257], [300, 65_536], [65_536, 65_537], [40_000, LONG], [LONG, LONG]] as const) {
      const proof = await inTenant((tx) => consistencyProof(tx, tenantId, old, from, to));
      expect([from, to, verifyConsistency(proof, oldRoot(from), oldRoot(to))]).toEqual([from, to, true]);
    }
  });

  test('a proof of what is not there is refused', async () => {
    for (const [seq, size] of [[0, 10], [11, 10], [1, LONG + 1], [Number.NaN, 10]] as const) {
      await expect(inTenant((tx) => inclusionProof(tx, tenantId, old, seq, size))).rejects.toMatchObject({ code: 'audit_range_invalid' });
    }
    await expect(inTenant((tx) => consistencyProof(tx, tenantId, old, 5, 4))).rejects.toMatchObject({ code: 'audit_range_invalid' });
    await expect(inTenant((tx) => rootAt(tx, tenantId, 'another', 1))).rejects.toMatchObject({ code: 'audit_range_invalid' });
  });

  test('grows with what is sealed, in batches of any size', async () => {
    let appended = 0;
    for (const count of [1, 254, 1, 1, 300, 7]) {
      await inTenant(async (tx) => {
        for (let n = 0; n < count; n += 1) await appendAudit(tx, { at: new Date(), type: 'content.stored', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'system', id: 'test' }, subject: { kind: 'test', id: String(n) }, data: {} });
      });
      expect(await sealAll()).toBe(count);
      appended += count;
      const stored = await inTenant((tx) => tx.rows<{ line: string }>({ name: 'test.lines', text: 'SELECT line FROM audit.links WHERE chain = $1 ORDER BY seq' }, [chain]));
      expect(stored).toHaveLength(appended);
      expect(Buffer.from(await inTenant((tx) => rootAt(tx, tenantId, chain, appended)))).toEqual(rootOfLines(appended, stored.map(({ line }) => line)));
    }
  });

  test.each(['UPDATE audit.tree_tiles SET n = n + 100', 'DELETE FROM audit.tree_tiles', 'TRUNCATE audit.tree_tiles'])('%s: refused', async (text) => {
    for (const plane of [database.control, database.execution]) await expect(plane.forTenant(tenantId, (tx) => tx.change({ name: text, text }))).rejects.toMatchObject({ code: '42501' });
  });
});
