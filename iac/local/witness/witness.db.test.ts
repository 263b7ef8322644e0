import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { startWitness } from '@countersign/witness/wiring.ts';
import type { RunningWitness } from '@countersign/witness/wiring.ts';

/** A cell and a witness of somebody else, over a socket. */
let plane: ControlPlaneUnderTest;
let witness: RunningWitness;
let folder: string;

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_STAND_INS: 'loopback' });
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-witness-'));
  const key = await plane.keys.signingKey(plane.tenant.tenantId, 'checkpoint');
  await writeFile(path.join(folder, 'logs.json'), JSON.stringify([{ prefix: `countersign.dev/audit/${plane.tenant.tenantId}/`, public_keys: [Buffer.from(key.publicJwk['x'] ?? '', 'base64url').toString('base64')] }]));
  witness = await startWitness({ name: 'witness.example/w1', host: '127.0.0.1', port: 0, dataFolder: path.join(folder, 'data'), logsFile: path.join(folder, 'logs.json') }, (error) => { throw error; });
});
afterAll(async () => {
  await plane.stop();
  await witness.stop();
  await rm(folder, { recursive: true });
});

interface Verified { verified: boolean; events: number; witnessed: Record<string, number>; not_proven: string[] }
const verified = async (): Promise<Verified> => (await plane.api('POST', '/api/v1/audit/verifications', { json: {} })).body as unknown as Verified;
const act = async (): Promise<void> => { await plane.api('POST', '/api/v1/api-keys', { json: { name: 'for the audit' } }); };

test('checkpoints are countersigned, and the verification says up to where', async () => {
  const made = await plane.api('POST', '/api/v1/audit/witnesses', { json: { vkey: witness.vkey, url: witness.url } });
  expect([made.status, made.body['name']]).toEqual([201, 'witness.example/w1']);
  await act();
  await expect.poll(async () => { const { events, witnessed } = await verified(); return events > 0 && witnessed['witness.example/w1'] === events; }, { timeout: 30_000, interval: 500 }).toBe(true);
  expect(await verified()).toMatchObject({ verified: true, faults: [] });
  const note = (await plane.api('GET', '/api/v1/audit/checkpoints/latest')).bytes.toString('utf8');
  expect(note).toContain('\u2014 witness.example/w1 ');
});

test('another history, whole and signed with the live key, is refused by the witness', async () => {
  const admin = new Database({ url: plane.database.adminUrl, applicationName: 'test intruder' });
  const chain = `${plane.tenant.tenantId}/${plane.tenant.workspaceId}`;
  // Whoever owns the database machine rewrites everything, past triggers, with one event less; the sequencer itself seals it anew.
  await admin.forTenant(plane.tenant.tenantId, async (tx) => {
    const texts = [
      'SET LOCAL session_replication_role = replica', 'DELETE FROM audit.cosignatures', 'DELETE FROM audit.checkpoints', 'DELETE FROM audit.tree_tiles', 'DELETE FROM audit.search',
      `DELETE FROM audit.events WHERE id = (SELECT event_id FROM audit.links WHERE chain = '${chain}' AND seq = 2)`, 'DELETE FROM audit.links', 'DELETE FROM audit.chain_heads', 'DELETE FROM audit.pending',
      `INSERT INTO audit.pending (tenant_id, chain, event_ids, bodies_sha256)
       SELECT tenant_id, chain, array_agg(id ORDER BY pending_no), string_agg(sha256(convert_to(body, 'UTF8')), '' ORDER BY pending_no) FROM audit.events GROUP BY tenant_id, chain`,
    ];
    for (const text of texts) await tx.change({ name: text, text });
  });
  await admin.close();
  await act();
  const refused = async (): Promise<unknown> => ((await plane.api('GET', '/api/v1/audit/witnesses')).body['items'] as Array<{ positions: Array<{ workspace_id: string; refused: boolean }> }>)[0]?.positions.find(({ workspace_id }) => workspace_id === plane.tenant.workspaceId)?.refused;
  await expect.poll(refused, { timeout: 30_000, interval: 500 }).toBe(true);
  // The server itself sees nothing: its chain is whole again. That is what the witness is for.
  const { verified: whole, witnessed } = await verified();
  expect([whole, witnessed['witness.example/w1']]).toEqual([true, 0]);
  expect((await plane.auditEvents()).map(({ type }) => type)).toContain('audit.witness_refused');
});
