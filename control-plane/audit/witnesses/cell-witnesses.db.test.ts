import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { COSIGNATURE_V1, ED25519, formatVerifierKey, verifierKeyOf } from '@countersign/contracts/transparency/note.ts';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';
import type { TestPrincipal } from '../../testing/control-plane-under-test.ts';
import { witnessesIn } from './cell-witnesses.ts';

const vkeyOf = (name: string, type: typeof COSIGNATURE_V1 | typeof ED25519 = COSIGNATURE_V1): string => formatVerifierKey(verifierKeyOf(name, type, Buffer.from(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')));
const [first, second, own] = [vkeyOf('witness.example/w1'), vkeyOf('witness.example/w2'), vkeyOf('witness.example/own')];

let folder: string;
let file: string;
let plane: ControlPlaneUnderTest;
let other: TestPrincipal;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cell-witnesses-'));
  file = path.join(folder, 'witnesses.json');
  await writeFile(file, JSON.stringify([{ vkey: first, url: 'https://w1.example', required: false }]));
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_WITNESSES: file });
  other = await plane.principal(['admin'], await plane.otherTenant());
});
afterAll(async () => {
  await plane.stop();
  await rm(folder, { recursive: true, force: true });
});

const listed = async (key = plane.adminKey): Promise<Array<{ id: string; vkey: string; url: string }>> => (await plane.api('GET', '/api/v1/audit/witnesses', { key })).body['items'] as Array<{ id: string; vkey: string; url: string }>;
const known = (wanted: readonly string[], key?: string): Promise<void> => vi.waitFor(async () => expect((await listed(key)).map(({ vkey }) => vkey).toSorted()).toEqual(wanted.toSorted()), { timeout: 20_000 });

test('every tenant has the witnesses of its cell, takes none of them away, and keeps its own when the file says otherwise', async () => {
  await known([first]);
  expect((await plane.api('POST', '/api/v1/audit/witnesses', { json: { vkey: own, url: 'https://own.example' } })).status).toBe(201);
  const [ofCell] = (await listed()).filter(({ vkey }) => vkey === first);
  expect((await plane.api('DELETE', `/api/v1/audit/witnesses/${ofCell!.id}`)).body).toMatchObject({ code: 'witness_invalid', detail: expect.stringContaining('operates the cell') });

  await writeFile(file, JSON.stringify([{ vkey: second, url: 'https://w2.example' }]));
  await plane.restart();
  await known([second, own]);
  await known([second], other.key);
  await vi.waitFor(async () => {
    const { body } = await plane.api('GET', '/api/v1/audit/events?type=audit.witness_changed&actor=cell&order=oldest');
    expect((body['items'] as Array<{ event: { data: { change: string } } }>).map(({ event }) => event.data.change)).toEqual(['created', 'removed', 'created']);
  }, { timeout: 20_000 });

  await writeFile(file, '[{"vkey": "nonsense"}]');
  await plane.restart();
  expect((await listed()).length, 'what was read before holds').toBe(2);
});

test.each([
  ['no JSON', '{'], ['no list', '{}'], ['a key that does not cosign', JSON.stringify([{ vkey: vkeyOf('log', ED25519), url: 'https://w.example' }])], ['a URL in clear', JSON.stringify([{ vkey: first, url: 'http://w.example' }])],
  ['a member that is not known', JSON.stringify([{ vkey: first, url: 'https://w.example', optional: true }])], ['a key twice', JSON.stringify([{ vkey: first, url: 'https://w.example' }, { vkey: first, url: 'https://x.example' }])],
])('a file with %s is refused', (_name, text) => {
  expect(() => witnessesIn(text, false)).toThrow(expect.objectContaining({ code: 'witnesses_invalid' }));
});
