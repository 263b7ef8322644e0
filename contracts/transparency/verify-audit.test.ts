import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FIRST_PREV_HASH } from '../events/audit-event.ts';
import { canonicalText } from './canonical.ts';
import { FIRST_PREVIOUS, formatCheckpoint, originOfChain } from './checkpoint.ts';
import { cosignatureOf, cosignedMessage } from './cosignature.ts';
import { EMPTY_FRONTIER, grow, leafHash, rootOf } from './merkle.ts';
import { COSIGNATURE_V1, ED25519, formatNote, formatSignature, keyIdOf, verifierKeyOf } from './note.ts';
import { verifyAudit } from './verify-audit.ts';
import type { AuditRules, AuditVerification } from './verify-audit.ts';

const CHAIN = 'ten_1/wsp_1';
const ORIGIN = originOfChain(CHAIN);

function keyPair(): { jwk: Record<string, string>; raw: Buffer; sign: (bytes: Uint8Array) => Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
  return { jwk, raw: Buffer.from(jwk['x'] ?? '', 'base64url'), sign: (bytes) => sign(null, bytes, privateKey) };
}
const [log, other, witness] = [keyPair(), keyPair(), keyPair()];
const WITNESS = verifierKeyOf('witness.example/w1', COSIGNATURE_V1, witness.raw);

interface World { lines: string[]; notes: string[] }

/** A chain of `count` events with a checkpoint after each size in `signed`. */
function world(count: number, signed: readonly number[], options: { key?: typeof log; cosigned?: boolean; says?: (n: number) => string } = {}): World {
  const { key = log, cosigned = false, says = String } = options;
  const [lines, links, notes]: [string[], string[], string[]] = [[], [], []];
  let [prev_hash, previous] = [FIRST_PREV_HASH, FIRST_PREVIOUS];
  for (let seq = 1; seq <= count; seq += 1) {
    const body = { actor: { id: 'a', kind: 'system' }, at: '2026-11-21T15:00:00.000Z', data: { 10: 1, 9: 2, n: says(seq), toJSON: null }, id: `aud_${seq}`, tenant_id: 'ten_1', type: 'content.stored', workspace_id: 'wsp_1' };
    const link = canonicalText({ body_sha256: hash('sha256', canonicalText(body) ?? '', 'hex'), prev_hash, seq }) ?? '';
    links.push(link);
    lines.push(canonicalText({ body, ...JSON.parse(link) as object }) ?? '');
    prev_hash = hash('sha256', link, 'hex');
    if (!signed.includes(seq)) continue;
    const text = formatCheckpoint({ origin: ORIGIN, size: seq, root: rootOf(grow(EMPTY_FRONTIER, links.map(leafHash))), head: prev_hash, previous, time: '2026-11-21T15:00:00.000Z' });
    previous = hash('sha256', text, 'hex');
    const note = formatNote({ text, signatures: [{ name: ORIGIN, keyId: keyIdOf(ORIGIN, ED25519, key.raw), bytes: key.sign(Buffer.from(text)) }] });
    notes.push(cosigned ? note + formatSignature(cosignatureOf(WITNESS, 1_800_000_000, witness.sign(cosignedMessage(text, 1_800_000_000)))) : note);
  }
  return { lines, notes };
}

const RULES: AuditRules = { chain: CHAIN, keys: [{ kid: 'k', public_jwk: log.jwk }], witnesses: [] };
const verify = (given: World, rules: Partial<AuditRules> = {}): Promise<AuditVerification> => verifyAudit(given.lines, given.notes, { ...RULES, ...rules });
const codes = async (given: World, rules: Partial<AuditRules> = {}): Promise<string[]> => [...new Set((await verify(given, rules)).faults.map(({ code }) => code))];
const TRUE = world(12, [4, 9, 12]);

describe('a chain as it was sealed', () => {
  test('is proven, and what is not is said', async () => {
    expect(await verify(TRUE)).toMatchObject({ verified: true, events: 12, checkpoints: 3, faults: [], not_proven: [expect.stringContaining('--expect'), expect.stringContaining('--witness')] });
    expect((await verify(TRUE, { expected: TRUE.notes[2]!, witnesses: [WITNESS] })).not_proven).toEqual(['The witness witness.example/w1 has countersigned none of these checkpoints.']);
  });

  test('with a tail that nobody signed, and bodies that have ended, says so', async () => {
    const given = world(12, [4, 9]);
    given.lines[2] = given.lines[2]!.replace(/^\{"body":.*?\},"body_sha256"/, '{"body":null,"body_sha256"');
    expect(await verify(given)).toMatchObject({ verified: true, not_proven: expect.arrayContaining([expect.stringMatching(/^3 events behind/), expect.stringMatching(/^1 events show only/)]) });
  });

  test('countersigned is vouched for up to there', async () => {
    const given = world(12, [4, 9, 12], { cosigned: true });
    expect(await verify(given, { witnesses: [WITNESS], expected: given.notes[1]! })).toMatchObject({ verified: true, witnessed: { 'witness.example/w1': 12 }, not_proven: [] });
  });

  test('of an hour in which nothing happened has two checkpoints of one size', async () => {
    const [text] = TRUE.notes[2]!.split('\n\n');
    const again = `${text!.replace(/previous .*/, `previous ${hash('sha256', `${text}\n`, 'hex')}`)}\n`;
    const note = formatNote({ text: again, signatures: [{ name: ORIGIN, keyId: keyIdOf(ORIGIN, ED25519, log.raw), bytes: log.sign(Buffer.from(again)) }] });
    expect(await codes({ ...TRUE, notes: [...TRUE.notes, note] })).toEqual([]);
  });
});

describe('found out', () => {
  const { lines, notes } = TRUE;
  test.each<[string, World, string | undefined]>([
    ['an event changed', { notes, lines: lines.with(4, lines[4]!.replace('"n":"5"', '"n":"6"')) }, 'event_altered'],
    ['nothing, in another chain with checkpoints of none', world(12, [], { says: (n) => (n === 5 ? 'other' : String(n)) }), undefined],
    ['the same beside the checkpoints', { notes, lines: world(12, [], { says: (n) => (n === 5 ? 'other' : String(n)) }).lines }, 'root_differs'],
    ['an event left out', { notes, lines: lines.toSpliced(5, 1) }, 'events_missing'],
    ['an event twice', { notes, lines: lines.toSpliced(5, 0, lines[5]!) }, 'events_out_of_order'],
    ['two events swapped', { notes, lines: lines.with(5, lines[6]!).with(6, lines[5]!) }, 'events_missing'],
    ['the tail cut off', { notes, lines: lines.slice(0, 10) }, 'tail_missing'],
    ['white space', { notes, lines: lines.with(3, lines[3]!.replace(':', ': ')) }, 'line_not_canonical'],
    ['a key twice', { notes, lines: lines.with(3, lines[3]!.replace('"seq":4', '"seq":4,"seq":4')) }, 'line_not_canonical'],
    ['a member more', { notes, lines: lines.with(3, lines[3]!.replace('"seq":4', '"seq":4,"tea":1')) }, 'line_not_canonical'],
    ['an event of another tenant', { notes, lines: lines.with(3, lines[3]!.replace('ten_1', 'ten_2')) }, 'event_altered'],
    ['a checkpoint left out', { lines, notes: notes.toSpliced(1, 1) }, 'checkpoint_order_broken'],
    ['a checkpoint signed by a stranger', { lines, notes: world(12, [4, 9, 12], { key: other }).notes }, 'checkpoint_signature_invalid'],
    ['a checkpoint changed', { lines, notes: notes.with(2, notes[2]!.replace('time 2026', 'time 2025')) }, 'checkpoint_signature_invalid'],
    ['no note', { lines, notes: notes.with(2, 'x') }, 'checkpoint_invalid'],
  ])('%s', async (_name, given, first) => {
    expect((await codes(given))[0]).toBe(first);
  });

  test('another chain, whole and signed with the live key: by what was kept elsewhere, and by a witness', async () => {
    const cosigned = world(12, [4, 9, 12], { cosigned: true });
    const forged = world(12, [4, 9, 12], { says: (n) => `forged ${n}` });
    expect(await codes(forged)).toEqual([]);
    expect(await codes(forged, { expected: cosigned.notes[0]! })).toEqual(['root_differs', 'head_differs']);
    expect((await verify(forged, { witnesses: [WITNESS] })).witnessed).toEqual({ 'witness.example/w1': 0 });
    const both = world(9, [4, 9], { says: (n) => `forged ${n}` });
    expect(await codes({ lines: forged.lines, notes: [...TRUE.notes.slice(0, 2), both.notes[1]!] })).toContain('checkpoint_fork');
  });

  test('the chain of another tenant, shown as this one', async () => {
    expect(await codes({ lines: TRUE.lines, notes: [] }, { chain: 'ten_2/wsp_1' })).toEqual(['event_moved']);
    expect((await codes(TRUE, { chain: 'ten_2/wsp_1' }))[0]).toBe('checkpoint_of_another_log');
  });

  test('the first checkpoints left out are said', async () => {
    expect((await verify({ ...TRUE, notes: TRUE.notes.slice(1) })).not_proven).toContainEqual(expect.stringMatching(/^What was signed before/));
  });

  test('a key that is compromised proves nothing without a witness', async () => {
    const keys = [{ kid: 'k', public_jwk: log.jwk, compromised_since: '2026-11-01T00:00:00.000Z' }];
    expect(await codes(TRUE, { keys })).toEqual(['checkpoint_key_compromised']);
    expect(await codes(world(12, [12], { cosigned: true }), { keys, witnesses: [WITNESS] })).toEqual([]);
  });
});
