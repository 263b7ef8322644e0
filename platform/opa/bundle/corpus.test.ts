/**
 * Everything that somebody without the key can do to a bundle, and everything that somebody with an old one can do with it: not one of
 * them is accepted. The figures are printed.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { canonicalText } from '../../canonical-json/canonicalize.ts';
import { unpackBundle } from './archive.ts';
import { BundleError } from './errors.ts';
import { gzipStored } from './gzip-stored.ts';
import type { VerificationKeys } from './keys.ts';
import { assembleBundle } from './parts.ts';
import { signBundle } from './sign.ts';
import type { BundleClaims } from './sign.ts';
import { writeTar } from './tar.ts';
import { SCOPE, TENANT, testClaims, testKey, withFile } from './testing.ts';
import { verifyBundle } from './verify.ts';
import type { BundleExpectations } from './verify.ts';
import { partsOf } from '../testing.ts';

const NOW = new Date('2026-01-05T09:00:00Z');
const NOW_S = NOW.getTime() / 1000;
const key = testKey('key_1');
const text = (content: string) => Buffer.from(content, 'utf8');

// Small, so that every byte of it can be tried, with a file of every kind: a source, manifest, data, WASM, signature, headers, padding.
const parts = partsOf('package countersign\n\ndefault decision := {"outcome": "DENY"}\n', text('\0asm\u0001\0\0\0'), { probes: [{ input: { n: 1 }, outcome: 'DENY' }] });
const files = assembleBundle(parts, 'corpus', { countersign: { config: { tenant: { most: 3 } } } }, { layers: { tenant: { version: 3 } }, keep: { 'desk/ticket.update': ['/category'] } });
const sign = async (changes: Partial<BundleClaims> = {}, signing = key.signing) => (await signBundle({ files, claims: testClaims(NOW, changes), key: signing })).bytes;
const good = await sign();
const inside = unpackBundle(good);

const tally = new Map<string, { tried: number; accepted: number }>();
afterAll(() => {
  for (const [kind, { tried, accepted }] of tally) process.stdout.write(`${kind}: ${tried} tried, ${accepted} accepted\n`);
  const all = [...tally.values()];
  process.stdout.write(`corpus: ${all.reduce((sum, { tried }) => sum + tried, 0)} altered bundles, ${all.reduce((sum, { accepted }) => sum + accepted, 0)} accepted\n`);
});

function verdict(bytes: Uint8Array, changes: Partial<BundleExpectations> = {}): string {
  try {
    verifyBundle(bytes, { keys: key.verification, tenant: TENANT, scope: SCOPE, now: NOW, highestSeq: 0, ...changes });
    return 'accepted';
  } catch (error) {
    if (error instanceof BundleError) return error.code;
    throw error;
  }
}

/** Counts what is tried, and gives what it was refused for. */
function refusal(kind: string, bytes: Uint8Array, changes: Partial<BundleExpectations> = {}): string {
  const count = tally.get(kind) ?? { tried: 0, accepted: 0 };
  tally.set(kind, count);
  const code = verdict(bytes, changes);
  count.tried += 1;
  if (code === 'accepted') count.accepted += 1;
  return code;
}

test('the bundle itself is accepted', () => {
  expect(verdict(good)).toBe('accepted');
});

describe('bits', () => {
  const acceptedAt = (kind: string, flips: Iterable<readonly [at: number, bit: number]>): string[] => {
    const flipped = Buffer.from(good);
    const accepted: string[] = [];
    for (const [at, bit] of flips) {
      flipped[at] = (good[at] ?? 0) ^ (1 << bit);
      if (refusal(kind, flipped) === 'accepted') accepted.push(`bit ${bit} of byte ${at}`);
      flipped[at] = good[at] ?? 0;
    }
    return accepted;
  };

  test('one bit flipped, at every byte', () => {
    expect(acceptedAt('one bit flipped at every byte', Array.from({ length: good.byteLength }, (_, at) => [at, at % 8] as const))).toEqual([]);
  }, 120_000);

  test('other bits, from a seed', () => {
    const random = generator(20_260_105);
    expect(acceptedAt('other bits, from a seed', Array.from({ length: 10_000 }, () => [Math.floor(random() * good.byteLength), Math.floor(random() * 8)] as const))).toEqual([]);
  }, 120_000);

  test('every bit of the signature', () => {
    const start = Buffer.from(good).indexOf('"signatures":["');
    const token = JSON.parse(Buffer.from(inside.get('.signatures.json') ?? []).toString()).signatures[0] as string;
    const signature = start + '"signatures":["'.length + token.lastIndexOf('.') + 1;
    expect(acceptedAt('every bit of the signature', Array.from({ length: 86 * 8 }, (_, n) => [signature + (n >> 3), n & 7] as const))).toEqual([]);
  });
});

describe('length', () => {
  // Around every block of tar, every stored block of gzip and both ends.
  const lengths = new Set([...Array.from({ length: Math.ceil(good.byteLength / 512) }, (_, n) => n * 512), 0xffff].flatMap((edge) => [-1, 0, 1, 15].map((by) => edge + by)));
  for (let last = 1; last <= 1_100; last += 1) lengths.add(good.byteLength - last);

  test('cut off', () => {
    const accepted = [...lengths].filter((length) => length >= 0 && length < good.byteLength && refusal('cut off', good.subarray(0, length)) === 'accepted');
    expect(accepted).toEqual([]);
  }, 60_000);

  const tar = gunzipSync(good);
  test.each<[string, Uint8Array]>([
    ['a byte', Buffer.concat([good, Uint8Array.of(0)])],
    ['a block of zeros', Buffer.concat([good, Buffer.alloc(512)])],
    ['an empty gzip member', Buffer.concat([good, gzipStored(new Uint8Array())])],
    ['a gzip member', Buffer.concat([good, gzipStored(text('x'))])],
    ['itself', Buffer.concat([good, good])],
    ['zeros inside the gzip', gzipStored(Buffer.concat([tar, Buffer.alloc(512)]))],
    ['a file inside the gzip, after the end of the tar', gzipStored(Buffer.concat([tar, writeTar([['extra.rego', text('package extra')]])]))],
    ['the same, compressed', gzipSync(tar)],
    ['a comment in the gzip header', Buffer.concat([good.subarray(0, 3), Uint8Array.of(16), good.subarray(4, 10), text('hello\0'), good.subarray(10)])],
  ])('made longer or spelt otherwise: %s', (_name, bytes) => {
    expect(refusal('made longer, or the same content spelt otherwise', bytes)).toBe('bundle_malformed');
  });
});

describe('files', () => {
  const tokenOf = (bundle: ReadonlyMap<string, Uint8Array>): string => JSON.parse(Buffer.from(bundle.get('.signatures.json') ?? []).toString()).signatures[0];
  const signatures = (...tokens: string[]) => withFile(inside, '.signatures.json', text(canonicalText({ signatures: tokens })));
  const entries = [...inside].sort(([a], [b]) => (a < b ? -1 : 1));

  test('an extra file of any kind', () => {
    for (const name of ['extra.rego', 'data.yaml', 'base/data.json', 'policy2.wasm', '.manifest.json', 'zzz']) {
      expect(refusal('an extra file', withFile(inside, name, text('{}')))).toBe('bundle_digest_mismatch');
    }
  });

  test('each file missing, emptied, or with the content of another', () => {
    for (const name of inside.keys()) {
      for (const content of [null, new Uint8Array(), ...[...inside].filter(([other]) => other !== name).map(([, bytes]) => bytes)]) {
        expect(refusal('a file missing, emptied or exchanged', withFile(inside, name, content))).not.toBe('accepted');
      }
    }
  });

  test('each file twice, with the same or another content, before or after', () => {
    for (const entry of entries) {
      const other = [entry[0], text('package other')] as const;
      for (const list of [[...entries, entry], [entry, ...entries], [...entries, other], [other, ...entries], entries.flatMap((each) => (each === entry ? [each, other] : [each]))]) {
        expect(refusal('duplicate entries of the archive', gzipStored(writeTar(list)))).toBe('bundle_malformed');
      }
    }
  });

  test('two signatures, valid both; none; the one of another bundle', async () => {
    const other = tokenOf(unpackBundle(await sign({ seq: 2 })));
    const otherFiles = tokenOf(unpackBundle((await signBundle({ files: new Map([...files, ['extra.rego', text('package extra')]]), claims: testClaims(NOW), key: key.signing })).bytes));
    for (const bytes of [signatures(tokenOf(inside), tokenOf(inside)), signatures(tokenOf(inside), other), signatures(other, tokenOf(inside)), signatures()]) {
      expect(refusal('other than one signature', bytes)).toBe('bundle_signature_invalid');
    }
    expect(refusal('the signature of other files', signatures(otherFiles))).toBe('bundle_digest_mismatch');
  });
});

describe('who signed, for whom, and when', () => {
  const next = testKey('key_2');
  const both: VerificationKeys = new Map([...key.verification, ...next.verification]);

  test.each<[string, string, () => Promise<Uint8Array>, Partial<BundleExpectations>]>([
    ['another key under the same id', 'bundle_signature_invalid', () => sign({}, testKey('key_1').signing), {}],
    ['an unknown key', 'bundle_key_unknown', () => sign({}, testKey('key_9').signing), {}],
    ['a key of ours under the id of another', 'bundle_signature_invalid', () => sign({}, { ...next.signing, kid: 'key_1' }), { keys: both }],
    ['another scope', 'bundle_wrong_scope', () => sign({ scope: 'env_2' }), {}],
    ['the scope of the same environment in shadow mode', 'bundle_wrong_scope', () => sign({ scope: `${SCOPE}.shadow` }), {}],
    ['another tenant', 'bundle_wrong_tenant', () => sign({ tenant: 'ten_2' }), {}],
    ['a lower sequence', 'bundle_rolled_back', () => sign({ seq: 6 }), { highestSeq: 7 }],
    ['expired this moment', 'bundle_expired', () => sign({ exp: NOW_S }), {}],
    ['expired long ago', 'bundle_expired', () => sign({ exp: 1 }), {}],
    ['not yet valid', 'bundle_not_yet_valid', () => sign({ nbf: NOW_S + 1 }), {}],
    ['a sequence that is no whole number', 'bundle_malformed', () => sign({ seq: 1.5 }), {}],
  ])('%s: %s', async (_name, code, make, changes) => {
    expect(refusal('signed by another, for another, or at another time', await make(), changes)).toBe(code);
  });

  test('while keys rotate both are accepted, and the one that was retired is not', async () => {
    const [byOld, byNew] = [await sign({ seq: 1 }), await sign({ seq: 2 }, next.signing)];
    expect([byOld, byNew].map((bytes) => verdict(bytes, { keys: both }))).toEqual(['accepted', 'accepted']);
    expect(verdict(byNew, { keys: next.verification })).toBe('accepted');
    expect(refusal('signed with a retired key', byOld, { keys: next.verification })).toBe('bundle_key_unknown');
  });
});

/** mulberry32: the same numbers on every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
