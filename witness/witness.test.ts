import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cosignedBy } from '@countersign/contracts/transparency/cosignature.ts';
import { EMPTY_FRONTIER, EMPTY_ROOT, grow, hashesOf, leafHash, planConsistency, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import { ED25519, formatNote, formatVerifierKey, parseNote, parseVerifierKey, verifierKeyOf } from '@countersign/contracts/transparency/note.ts';
import { readConfig } from './config.ts';
import { startWitness } from './wiring.ts';
import type { RunningWitness } from './wiring.ts';

const ORIGIN = 'example.com/log';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const KEY = verifierKeyOf(ORIGIN, ED25519, raw);
const LEAVES = Array.from({ length: 20 }, (_, n) => leafHash(`entry ${n}`));
const FORKED = LEAVES.with(3, leafHash('another'));

let folder: string;
let witness: RunningWitness;
const start = async (): Promise<RunningWitness> => startWitness(readConfig(['--name', 'witness.example/w1', '--data', path.join(folder, 'data'), '--logs', path.join(folder, 'logs.json'), '--listen', '127.0.0.1:0']), (error) => { throw error; });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-witness-'));
  await writeFile(path.join(folder, 'logs.json'), JSON.stringify([
    { origin: ORIGIN, vkey: formatVerifierKey(KEY) }, { prefix: 'countersign.dev/audit/ten_1/', public_keys: [raw.toString('base64')] },
  ]));
  witness = await start();
});
afterAll(async () => {
  await witness.stop();
  await rm(folder, { recursive: true });
});

const range = (from: number, to: number, leaves: readonly Uint8Array[]) => rootOf(grow(EMPTY_FRONTIER, leaves.slice(from, to)));
function note(size: number, { leaves = LEAVES, origin = ORIGIN, key = privateKey } = {}): string {
  const text = `${origin}\n${size}\n${Buffer.from(size === 0 ? EMPTY_ROOT : range(0, size, leaves)).toString('base64')}\n`;
  return formatNote({ text, signatures: [{ name: origin, keyId: verifierKeyOf(origin, ED25519, raw).keyId, bytes: sign(null, Buffer.from(text), key) }] });
}
function proof(from: number, to: number, leaves = LEAVES): string[] {
  return hashesOf(planConsistency(from, to), ({ level, index }) => range(index * 2 ** level, (index + 1) * 2 ** level, leaves)).map((one) => Buffer.from(one).toString('base64'));
}
async function add(old: number, hashes: readonly string[], text: string): Promise<{ status: number; type: string | null; body: string }> {
  const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body: [`old ${old}`, ...hashes, '', text].join('\n') });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

describe('a witness', () => {
  test('countersigns a log that grows, and shows monitors what it saw', async () => {
    const vkey = parseVerifierKey(witness.vkey)!;
    for (const [old, size] of [[0, 3], [3, 8], [8, 8], [8, 13]] as const) {
      const added = await add(old, proof(old, size), note(size));
      expect(added.status).toBe(200);
      expect(cosignedBy(parseNote(note(size) + added.body)!, vkey)?.time.getTime()).toBeGreaterThan(Date.now() - 60_000);
    }
    const latest = await fetch(`${witness.url}/checkpoint/${hash('sha256', ORIGIN, 'hex')}`);
    const shown = parseNote(await latest.text())!;
    expect([shown.text, cosignedBy(shown, vkey) !== null]).toEqual([parseNote(note(13))!.text, true]);
  });

  test('refuses another history, however it is put', async () => {
    expect((await add(13, proof(13, 16, FORKED), note(16, { leaves: FORKED }))).status).toBe(422);
    expect(await add(13, [], note(13, { leaves: FORKED }))).toMatchObject({ status: 409, type: expect.stringMatching(/^text\/plain/) });
    expect(await add(0, [], note(16, { leaves: FORKED }))).toMatchObject({ status: 409, type: 'text/x.tlog.size', body: '13\n' });
    expect(await add(8, proof(8, 16), note(16))).toMatchObject({ status: 409, body: '13\n' });
    expect((await add(13, proof(13, 16).slice(1), note(16))).status).toBe(422);
    expect((await add(13, proof(13, 16), note(16))).status).toBe(200);
  });

  test('remembers over a restart', async () => {
    await witness.stop();
    witness = await start();
    expect(await add(0, [], note(5))).toMatchObject({ status: 409, body: '16\n' });
  });

  test('does not begin anew with a log whose history it cannot read any more', async () => {
    const [data, failures] = [path.join(folder, 'broken'), [] as unknown[]];
    const broken = await startWitness(readConfig(['--name', 'witness.example/w2', '--data', data, '--logs', path.join(folder, 'logs.json'), '--listen', '127.0.0.1:0']), (error) => { failures.push(error); });
    await writeFile(path.join(data, `${hash('sha256', ORIGIN, 'hex')}.note`), note(8).slice(0, 20));
    const response = await fetch(`${broken.url}/add-checkpoint`, { method: 'POST', body: ['old 0', '', note(3, { leaves: FORKED })].join('\n') });
    expect([response.status, failures]).toEqual([500, [expect.objectContaining({ code: 'seen_invalid' })]]);
    await broken.stop();
  });

  test('knows whom it trusts', async () => {
    expect((await add(0, [], note(3, { origin: 'example.com/unknown' }))).status).toBe(404);
    expect((await add(16, proof(16, 17), note(17, { key: generateKeyPairSync('ed25519').privateKey }))).status).toBe(403);
    expect((await add(0, [], note(3, { origin: 'countersign.dev/audit/ten_1/wsp_9' }))).status).toBe(200);
    expect((await add(0, [], note(3, { origin: 'countersign.dev/audit/ten_2/wsp_9' }))).status).toBe(404);
  });

  test.each(['', 'old 1', 'old x\n\nnote', `old 0\nAAAA\n\n${note(3)}`, `old 0\n${'x\n'.repeat(70)}\n${note(3)}`, `old 99\n\n${note(3)}`, 'x'.repeat(200_000)])('refuses what is no request: %#', async (body) => {
    const { status } = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
    expect([400, 413]).toContain(status);
  });

  test('of many at once each follows from the one before, or is told', async () => {
    const statuses = await Promise.all(Array.from({ length: 8 }, () => add(16, proof(16, 18), note(18)).then(({ status }) => status)));
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
  });
});

test.each([[[]], [['--name', 'a b', '--data', 'd', '--logs', 'l']], [['--name', 'a', '--data', 'd', '--logs', 'l', '--listen', 'x']], [['--nonsense']]])('says what is wrong with %j', (args) => {
  expect(() => readConfig(args)).toThrow(/Usage: witness/);
});
