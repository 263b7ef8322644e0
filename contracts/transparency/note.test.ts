import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonicalText, parseCanonical } from './canonical.ts';
import { FIRST_PREVIOUS, formatCheckpoint, parseCheckpoint, parseCheckpointNote, parseLogCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { cosignatureOf, cosignedBy, cosignedMessage } from './cosignature.ts';
import { COSIGNATURE_V1, ED25519, formatNote, formatVerifierKey, isSignedBy, parseNote, parseVerifierKey, verifierKeyOf } from './note.ts';
import type { NoteSignature, VerifierKey } from './note.ts';

interface Signer { readonly key: VerifierKey; readonly sign: (message: Uint8Array) => Uint8Array }

function signer(name: string, type: VerifierKey['type']): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { key: verifierKeyOf(name, type, raw), sign: (message) => sign(null, message, privateKey) };
}

const ORIGIN = 'countersign.dev/audit/ten_1/wsp_1';
const CHECKPOINT: Checkpoint = { origin: ORIGIN, size: 20_852_163, root: Buffer.alloc(32, 7), head: 'ab'.repeat(32), previous: FIRST_PREVIOUS, time: '2026-11-21T15:00:00.000Z' };
const TEXT = formatCheckpoint(CHECKPOINT);
const log = signer(ORIGIN, ED25519);
const witness = signer('witness.example/w1', COSIGNATURE_V1);
const signature: NoteSignature = { name: log.key.name, keyId: log.key.keyId, bytes: log.sign(Buffer.from(TEXT)) };
const cosignature = cosignatureOf(witness.key, 1_800_000_000, witness.sign(cosignedMessage(TEXT, 1_800_000_000)));
const NOTE = formatNote({ text: TEXT, signatures: [signature, cosignature] });

describe('signed notes', () => {
  test('the example of the specification verifies', () => {
    const key = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    const note = parseNote('If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n');
    expect([key?.name, note !== null && key !== null && isSignedBy(note, key)]).toEqual(['PeterNeumann', true]);
  });

  test('written and read is the same, and both signatures hold', () => {
    const note = parseNote(NOTE);
    expect(note).toEqual(parseNote(Buffer.from(NOTE)));
    expect(note === null ? null : [formatNote(note), isSignedBy(note, log.key), cosignedBy(note, witness.key)?.time.toISOString()]).toEqual([NOTE, true, '2027-01-15T08:00:00.000Z']);
    expect(parseVerifierKey(formatVerifierKey(witness.key))).toEqual(witness.key);
  });

  test('a key of another kind, a stranger and a namesake did not sign it', () => {
    const note = parseNote(NOTE)!;
    for (const other of [signer(ORIGIN, ED25519).key, signer('other', ED25519).key, witness.key, { ...log.key, keyId: '00000000' }]) expect(isSignedBy(note, other)).toBe(false);
    for (const other of [signer(witness.key.name, COSIGNATURE_V1).key, log.key]) expect(cosignedBy(note, other)).toBeNull();
  });

  test('every single bit of a note counts: it is no note, or one of its signatures does not hold', () => {
    const bytes = Buffer.from(NOTE);
    const missed: string[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const note = parseNote(altered);
      if (note !== null && isSignedBy(note, log.key) && cosignedBy(note, witness.key) !== null) missed.push(`${bit >> 3}.${bit & 7}`);
    }
    expect(missed).toEqual([]);
  });

  test.each([
    ['CRLF', NOTE.replaceAll('\n', '\r\n')], ['no line feed at its end', NOTE.slice(0, -1)], ['no empty line', NOTE.replace('\n\n', '\n')], ['no signature', `${TEXT}\n`],
    ['a line that is no signature', `${NOTE}hello\n`], ['an empty line more', `${NOTE}\n`], ['base64 without padding', NOTE.replace(/=\n$/, '\n')], ['a blank at the end of a line', NOTE.replace(/\n$/, ' \n')],
    ['a control character', NOTE.replace('chain', 'cha\u0001in')], ['a byte order mark', `\ufeff${NOTE}`], ['nothing', ''],
  ])('%s: not this note any more', (_name, text) => {
    const note = parseNote(text);
    expect(note !== null && isSignedBy(note, log.key)).toBe(false);
  });

  test('bytes that are not UTF-8 are no note', () => {
    expect(parseNote(Buffer.concat([Buffer.from([0xff]), Buffer.from(NOTE)]))).toBeNull();
  });

  test('a second signature in the name of the key, which does not hold, is an alteration', () => {
    expect(isSignedBy(parseNote(formatNote({ text: TEXT, signatures: [signature, { ...signature, bytes: Buffer.alloc(64) }] }))!, log.key)).toBe(false);
  });

  test.each(['', 'a+b', 'name+00000000+AQ==', formatVerifierKey(log.key).replace(/\+[0-9a-f]{8}\+/, '+00000000+'), `${formatVerifierKey(log.key)}A`, formatVerifierKey(log.key).replace('countersign', 'counter sign')])('%j is no verifier key', (text) => {
    expect(parseVerifierKey(text)).toBeNull();
  });
});

describe('checkpoints', () => {
  test('written and read is the same', () => {
    expect(parseCheckpoint(TEXT)).toEqual(CHECKPOINT);
    expect(parseCheckpointNote(NOTE)?.checkpoint.size).toBe(20_852_163);
  });

  test.each([
    ['a leading zero', TEXT.replace('\n20852163\n', '\n020852163\n')], ['a sign', TEXT.replace('\n20852163\n', '\n+20852163\n')], ['a size beyond 2^53', TEXT.replace('\n20852163\n', '\n9007199254740993\n')],
    ['a short root', TEXT.replace(/\n[^\n]{43}=\n/, '\nAAAA\n')], ['no origin', TEXT.slice(ORIGIN.length)], ['an empty line', TEXT.replace('\nchain', '\n\nchain')], ['a line too many', `${TEXT}more\n`],
    ['two lines swapped', TEXT.replace(/(chain .*\n)(previous .*\n)/, '$2$1')], ['a digest in capitals', TEXT.replace(/chain \w+/, `chain ${'AB'.repeat(32)}`)], ['no line feed at its end', TEXT.slice(0, -1)],
  ])('%s: refused', (_name, text) => {
    expect(text).not.toBe(TEXT);
    expect(parseCheckpoint(text)).toBeNull();
  });

  test('a log of others may have lines of its own, or none', () => {
    expect(parseLogCheckpoint('example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n')).toMatchObject({ origin: 'example.com/log', size: 0, extensions: [] });
  });
});

describe('canonical JSON', () => {
  test('one spelling of a value', () => {
    expect(canonicalText({ b: [1, 2.5, null, true], a: { toJSON: 1, 10: 2, 9: 3, b: 'é\u0001"' } })).toBe('{"a":{"10":2,"9":3,"b":"é\\u0001\\"","toJSON":1},"b":[1,2.5,null,true]}');
    expect(parseCanonical('{"a":[1,"x"]}')).toEqual({ value: { a: [1, 'x'] } });
    for (const text of ['{"a": 1}', '{"b":1,"a":2}', '{"a":1,"a":1}', '1.0', '-0', '"\\u0061"', '9007199254740993', '1e400', '"\\ud800"', '{"a":1}\n', '', 'x', '['.repeat(5_000) + ']'.repeat(5_000)]) expect([text.slice(0, 20), parseCanonical(text)]).toEqual([text.slice(0, 20), undefined]);
  });
});
