import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';
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
  const admin = new pg.Client({ connectionString: plane.database.adminUrl });
  await admin.connect();
  // Whoever owns the database machine rewrites everything: past triggers, as one event less, sealed anew by the sequencer itself.
  await admin.query('SET session_replication_role = replica');
  const chain = `${plane.tenant.tenantId}/${plane.tenant.workspaceId}`;
  await admin.query('BEGIN');
  await admin.query('DELETE FROM audit.cosignatures');
  await admin.query('DELETE FROM audit.checkpoints');
  await admin.query('DELETE FROM audit.tree_tiles');
  await admin.query('DELETE FROM audit.search');
  await admin.query('DELETE FROM audit.events WHERE chain = $1 AND seq = 2', [chain]);
  await admin.query('UPDATE audit.events SET seq = NULL, prev_hash = NULL, hash = NULL, line = NULL WHERE seq IS NOT NULL');
  await admin.query('DELETE FROM audit.chain_heads');
  await admin.query('COMMIT');
  await admin.end();
  await act();
  const refused = async (): Promise<unknown> => ((await plane.api('GET', '/api/v1/audit/witnesses')).body['items'] as Array<{ positions: Array<{ workspace_id: string; refused: boolean }> }>)[0]?.positions.find(({ workspace_id }) => workspace_id === plane.tenant.workspaceId)?.refused;
  await expect.poll(refused, { timeout: 30_000, interval: 500 }).toBe(true);
  // The server itself sees nothing: its chain is whole again. That is what the witness is for.
  const { verified: whole, witnessed } = await verified();
  expect([whole, witnessed['witness.example/w1']]).toEqual([true, 0]);
  expect((await plane.auditEvents()).map(({ type }) => type)).toContain('audit.witness_refused');
});
