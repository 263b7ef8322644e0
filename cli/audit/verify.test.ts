import { execFile } from 'node:child_process';
import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { canonicalText } from '@countersign/contracts/transparency/canonical.ts';
import { FIRST_PREVIOUS, formatCheckpoint, originOfChain } from '@countersign/contracts/transparency/checkpoint.ts';
import { EMPTY_FRONTIER, grow, leafHash, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import { ED25519, formatNote, keyIdOf } from '@countersign/contracts/transparency/note.ts';

const CHAIN = 'ten_1/wsp_1';
let folder: string;
let lines: string[];
let note: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-audit-'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  let prev_hash = FIRST_PREV_HASH;
  const links: string[] = [];
  lines = Array.from({ length: 5 }, (_, n) => {
    const body = { id: `aud_${n}`, tenant_id: 'ten_1', workspace_id: 'wsp_1', data: { n } };
    const link = { body_sha256: hash('sha256', canonicalText(body) ?? '', 'hex'), prev_hash, seq: n + 1 };
    links.push(canonicalText(link) ?? '');
    prev_hash = hash('sha256', links.at(-1) ?? '', 'hex');
    return canonicalText({ body, ...link }) ?? '';
  });
  const origin = originOfChain(CHAIN);
  const text = formatCheckpoint({ origin, size: 4, root: rootOf(grow(EMPTY_FRONTIER, links.slice(0, 4).map(leafHash))), head: hash('sha256', links[3] ?? '', 'hex'), previous: FIRST_PREVIOUS, time: '2026-11-21T15:00:00.000Z' });
  note = formatNote({ text, signatures: [{ name: origin, keyId: keyIdOf(origin, ED25519, Buffer.from(jwk.x ?? '', 'base64url')), bytes: sign(null, Buffer.from(text), privateKey) }] });
  await writeFile(path.join(folder, 'checkpoints.jsonl'), `${JSON.stringify({ note })}\n`);
  await writeFile(path.join(folder, 'keys.json'), JSON.stringify({ keys: [{ kid: 'k', purpose: 'checkpoint', public_jwk: jwk }] }));
  await writeFile(path.join(folder, 'kept.note'), note);
});
afterAll(() => rm(folder, { recursive: true }));

/** The command as it is run, on the export with these events. */
async function verify(events: readonly string[], ...options: string[]): Promise<{ exit: number; found: { verified?: boolean; events?: number; faults?: Array<{ code: string }>; not_proven?: string[] }; said: string }> {
  await writeFile(path.join(folder, 'events.jsonl'), events.map((line) => `${line}\n`).join(''));
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(import.meta.dirname, '../main.ts'), 'audit', 'verify', folder, '--json', ...options], (error, stdout, stderr) =>
      resolve({ exit: error === null ? 0 : Number(error.code), found: stdout === '' ? {} : JSON.parse(stdout) as object, said: stderr }));
  });
}

test('an export is proven without a server, and says what is not', async () => {
  const { exit, found } = await verify(lines, '--expect', path.join(folder, 'kept.note'), '--keys', path.join(folder, 'keys.json'), '--chain', CHAIN);
  expect([exit, found.verified, found.events]).toEqual([0, true, 5]);
  expect(found.not_proven).toEqual([expect.stringMatching(/^1 events behind the newest checkpoint/), expect.stringContaining('--witness')]);
  expect((await verify(lines, '--strict')).exit).toBe(3);
});

test('an altered one is refuted', async () => {
  const { exit, found } = await verify(lines.with(2, lines[2]!.replace('"n":2', '"n":3')));
  expect([exit, found.verified, found.faults?.map(({ code }) => code)]).toEqual([1, false, ['event_altered']]);
  expect((await verify(lines.slice(0, 3))).found.faults?.map(({ code }) => code)).toEqual(['tail_missing']);
});

test('what cannot be read is said', async () => {
  expect(await verify(lines, '--keys', path.join(folder, 'nothing.json'))).toMatchObject({ exit: 2, said: expect.stringContaining('nothing.json cannot be read') });
  expect(await verify(lines, '--witness', 'nobody')).toMatchObject({ exit: 2, said: expect.stringContaining('not the verifier key') });
});
