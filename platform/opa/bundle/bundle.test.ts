import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { canonicalText } from '../../canonical-json/canonicalize.ts';
import { packBundle, unpackBundle } from './archive.ts';
import { structuredFile } from './contents.ts';
import { BundleError } from './errors.ts';
import { gzipStored } from './gzip-stored.ts';
import { verificationKeys } from './keys.ts';
import { signBundle } from './sign.ts';
import { readTar, writeTar } from './tar.ts';
import { SCOPE, TENANT, seededBundle, seededFiles, testClaims, testKey, withFile } from './testing.ts';
import { verifyBundle } from './verify.ts';
import type { BundleExpectations } from './verify.ts';

const NOW = new Date('2026-01-05T09:00:00Z');
const NOW_S = NOW.getTime() / 1000;
const key = testKey('key_1');
const files = await seededFiles();
const good = await seededBundle(key.signing, testClaims(NOW));

const verify = (bytes: Uint8Array, changes: Partial<BundleExpectations> = {}) =>
  verifyBundle(bytes, { keys: key.verification, tenant: TENANT, scope: SCOPE, now: NOW, highestSeq: 0, ...changes });

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof BundleError) return error.code;
    throw error;
  }
  return 'accepted';
}

const text = (content: string) => Buffer.from(content, 'utf8');
const signed = unpackBundle(good.bytes);
const tokenOf = (bundle: ReadonlyMap<string, Uint8Array>): string => JSON.parse(Buffer.from(bundle.get('.signatures.json') ?? []).toString()).signatures[0];

test('a signed bundle comes back as it was', () => {
  const bundle = verify(good.bytes);
  expect(bundle).toMatchObject({ digest: good.digest, kid: 'key_1', claims: testClaims(NOW), manifest: { revision: 'base-itsm@test', roots: ['countersign'] }, data: {} });
  expect([...bundle.files.keys()].sort()).toEqual([...files.keys()].sort());
  expect(Buffer.compare(bundle.wasm, files.get('policy.wasm') ?? new Uint8Array())).toBe(0);
});

test('the same files give the same archive, whatever order they come in', () => {
  expect(Buffer.compare(packBundle(files), packBundle(new Map([...files].toReversed())))).toBe(0);
  expect(Buffer.compare(gunzipSync(packBundle(files)), writeTar([...files].sort(([a], [b]) => (a < b ? -1 : 1))))).toBe(0);
});

describe('who, for whom, when', () => {
  test.each<[string, Partial<BundleExpectations>]>([
    ['bundle_wrong_tenant', { tenant: 'ten_2' }],
    ['bundle_wrong_scope', { scope: 'dev' }],
    ['bundle_rolled_back', { highestSeq: 2 }],
    ['bundle_not_yet_valid', { now: new Date((NOW_S - 61) * 1000) }],
    ['bundle_expired', { now: new Date((NOW_S + 3600) * 1000) }],
    ['bundle_key_unknown', { keys: testKey('key_2').verification }],
    ['bundle_signature_invalid', { keys: testKey('key_1').verification }],
    ['accepted', { highestSeq: 1 }],
    ['accepted', { now: new Date((NOW_S - 60) * 1000) }],
    ['accepted', { now: new Date((NOW_S + 3600) * 1000 - 1) }],
    ['accepted', { keys: new Map([...testKey('key_2').verification, ...key.verification]) }],
  ])('%s %j', (code, changes) => {
    expect(codeOf(() => verify(good.bytes, changes))).toBe(code);
  });
});

describe('what is in it', () => {
  test.each<[string, string, Uint8Array]>([
    ['an extra file', 'bundle_digest_mismatch', withFile(signed, 'extra.rego', text('package extra'))],
    ['a missing file', 'bundle_digest_mismatch', withFile(signed, 'policy.wasm', null)],
    ['another policy', 'bundle_digest_mismatch', withFile(signed, 'policy.wasm', text('\0asm'))],
    ['other data', 'bundle_digest_mismatch', withFile(signed, 'data.json', text('{"x":1}'))],
    ['no signature', 'bundle_unsigned', withFile(signed, '.signatures.json', null)],
    ['two signatures', 'bundle_signature_invalid', withFile(signed, '.signatures.json', text(canonicalText({ signatures: [tokenOf(signed), tokenOf(signed)] })))],
    ['no signature in the list', 'bundle_signature_invalid', withFile(signed, '.signatures.json', text('{"signatures":[]}'))],
    ['a plugin of its own', 'bundle_signature_invalid', withFile(signed, '.signatures.json', text(canonicalText({ plugin: 'mine', signatures: [tokenOf(signed)] })))],
    ['signatures in another spelling', 'bundle_malformed', withFile(signed, '.signatures.json', text(`{ "signatures": ["${tokenOf(signed)}"]}`))],
    ['a padded token', 'bundle_signature_invalid', withFile(signed, '.signatures.json', text(canonicalText({ signatures: [`${tokenOf(signed)}=`] })))],
    ['a cut token', 'bundle_signature_invalid', withFile(signed, '.signatures.json', text(canonicalText({ signatures: [tokenOf(signed).slice(0, -2)] })))],
    ['no algorithm', 'bundle_signature_invalid', withHeader({ alg: 'none', kid: 'key_1' })],
    ['an HMAC with the public key', 'bundle_signature_invalid', withHeader({ alg: 'HS256', kid: 'key_1' })],
    ['no key', 'bundle_signature_invalid', withHeader({ alg: 'ES256' })],
    ['a critical extension', 'bundle_signature_invalid', withHeader({ alg: 'ES256', kid: 'key_1', crit: ['b64'] })],
  ])('%s', (_name, code, bytes) => {
    expect(codeOf(() => verify(bytes))).toBe(code);
  });

  function withHeader(header: object): Uint8Array {
    const [, payload, signature] = tokenOf(signed).split('.');
    const token = [text(canonicalText(header)).toString('base64url'), payload, signature].join('.');
    return withFile(signed, '.signatures.json', text(canonicalText({ signatures: [token] })));
  }
});

describe('the archive', () => {
  const tar = gunzipSync(good.bytes);
  const named = (...names: string[]) => gzipStored(writeTar(names.map((name) => [name, text('x')])));
  test.each<[string, Uint8Array]>([
    ['a path upwards', named('../policy.wasm')],
    ['a path upwards inside', named('a/../../policy.wasm')],
    ['an absolute path', named('/policy.wasm')],
    ['a backslash', named('a\\b')],
    ['a dot segment', named('./policy.wasm')],
    ['an empty segment', named('a//b')],
    ['the same name twice', named('a', 'a')],
    ['an unsorted archive', named('b', 'a')],
    ['a link', gzipStored(withTypeflag(tar, '2'))],
    ['a folder', gzipStored(withTypeflag(tar, '5'))],
    ['a long name header', gzipStored(withTypeflag(tar, 'L'))],
    ['bytes after the end of the archive', gzipStored(Buffer.concat([tar, Buffer.alloc(512, 1)]))],
    ['bytes after the end of the gzip', Buffer.concat([good.bytes, text('x')])],
    ['a second gzip member', Buffer.concat([good.bytes, gzipStored(text('x'))])],
    ['a compressed archive', gzipSync(tar)],
    ['a decompression bomb', gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    ['nothing', new Uint8Array()],
    ['something else', text('PK\u0003\u0004')],
    ['a time in the gzip header', Buffer.concat([good.bytes.subarray(0, 4), Uint8Array.of(1), good.bytes.subarray(5)])],
  ])('%s', (_name, bytes) => {
    expect(codeOf(() => verify(bytes))).toBe('bundle_malformed');
  });

  function withTypeflag(archive: Uint8Array, flag: string): Uint8Array {
    const changed = Buffer.from(archive);
    changed.write(flag, 156, 'latin1');
    return changed;
  }

  test('too large is refused before it is read', () => {
    expect(codeOf(() => verify(Buffer.alloc(33 * 1024 * 1024)))).toBe('bundle_too_large');
  });
});

describe('signing refuses what could not be verified', () => {
  const sign = (name: string, content: Uint8Array) => signBundle({ files: new Map([...files, [name, content]]), claims: testClaims(NOW), key: key.signing });
  test('data in another spelling, or that OPA hashes differently', async () => {
    await expect(sign('data.json', text('{ "a": 1 }'))).rejects.toMatchObject({ code: 'bundle_malformed' });
    await expect(sign('.manifest', text('{}'))).rejects.toMatchObject({ code: 'bundle_malformed' });
    for (const value of [{ a: 'x\u2028y' }, { é: 1 }]) expect(codeOf(() => structuredFile('data.json', value))).toBe('bundle_malformed');
  });

  test('another algorithm, another curve', async () => {
    await expect(signBundle({ files, claims: testClaims(NOW), key: { ...key.signing, algorithm: 'EdDSA' } })).rejects.toMatchObject({ code: 'bundle_key_unknown' });
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const public_jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
    expect(codeOf(() => verificationKeys([{ kid: 'k', algorithm: 'ES256', public_jwk }]))).toBe('bundle_key_unknown');
    expect(codeOf(() => verificationKeys([{ kid: 'k', algorithm: 'RS256', public_jwk }]))).toBe('bundle_key_unknown');
  });
});

test('tar: what was written is read, whatever its size', () => {
  const entries: Array<[string, Uint8Array]> = [0, 1, 511, 512, 513, 70_000].map((size) => [`f${size}`, Buffer.alloc(size, 7)]);
  expect(readTar(writeTar(entries)).map(([name, content]) => [name, content.byteLength])).toEqual(entries.map(([name, content]) => [name, content.byteLength]));
});
