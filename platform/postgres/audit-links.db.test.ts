import { hash, randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, test } from 'vitest';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { legalTransitionRows } from '@countersign/contracts/states/legal-pairs.ts';
import { newId } from '../ids/typeid.ts';
import { migrate } from './migrate.ts';
import { createTestDatabase } from './testing.ts';

test('a database of before keeps what was sealed, byte for byte, and what was pending stays pending', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-migrations-'));
  const all = fileURLToPath(new URL('../../contracts/database/migrations', import.meta.url));
  const before = await createEmpty();
  const [tenantId, chain] = [newId('tenant'), 'a chain'];
  try {
    const files = (await readdir(all)).filter((name) => name < '0039');
    await Promise.all(files.map((name) => cp(path.join(all, name), path.join(folder, name))));
    // Today's pairs are of tables that there were not.
    await migrate({ adminUrl: before.url, folder, legalTransitions: {} });
    const [first, second] = ['{"n":1}', '{"n":2}'];
    const line = `{"body_sha256":"${hash('sha256', first, 'hex')}","prev_hash":"${FIRST_PREV_HASH}","seq":1}`;
    await before.client.query(`INSERT INTO control.tenant_directory (tenant_id, slug, region, cell) VALUES ($1, 'before', 'us', 'local')`, [tenantId]);
    await before.client.query(`INSERT INTO audit.events (tenant_id, chain, id, type, body, seq, prev_hash, hash, line) VALUES ($1, $2, 'aud_1', 'run.created', $3, 1, $4, $5, $6)`, [tenantId, chain, first, FIRST_PREV_HASH, hash('sha256', line, 'hex'), line]);
    await before.client.query(`INSERT INTO audit.events (tenant_id, chain, id, type, body) VALUES ($1, $2, 'aud_2', 'run.created', $3)`, [tenantId, chain, second]);
    await migrate({ adminUrl: before.url, folder: all, legalTransitions: legalTransitionRows() });
    expect((await before.client.query(`SELECT event_id, line, encode(hash, 'hex') AS hash FROM audit.links`)).rows).toEqual([{ event_id: 'aud_1', line, hash: hash('sha256', line, 'hex') }]);
    expect((await before.client.query(`SELECT event_ids, encode(bodies_sha256, 'hex') AS bodies FROM audit.pending`)).rows).toEqual([{ event_ids: ['aud_2'], bodies: hash('sha256', second, 'hex') }]);
  } finally {
    await before.drop();
    await rm(folder, { recursive: true });
  }
}, 60_000);

/** A database without anything in it. */
async function createEmpty(): Promise<{ url: string; client: pg.Client; drop(): Promise<void> }> {
  // Beside one as it is today: whoever migrates the first of a server makes the roles of all.
  const today = await createTestDatabase();
  const url = new URL(today.adminUrl);
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  return {
    url: url.href, client,
    async drop() {
      await client.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
      await today.drop();
    },
  };
}
