import { verify as verifySignature } from 'node:crypto';
import { digestOfBytes } from '../../canonical-json/canonicalize.ts';
import { CanonicalJsonError } from '../../canonical-json/errors.ts';
import { parseCanonical, parseStrict } from '../../canonical-json/parse-strict.ts';
import type { JsonValue } from '../../canonical-json/parse-strict.ts';
import { MAX_BUNDLE_BYTES, unpackBundle } from './archive.ts';
import type { BundleFiles } from './archive.ts';
import { DATA_FILE, SIGNATURES_FILE, WASM_FILE, readManifest, readStructured } from './contents.ts';
import type { BundleManifest } from './contents.ts';
import { BundleError } from './errors.ts';
import type { VerificationKeys } from './keys.ts';
import { signedFiles } from './sign.ts';
import type { BundleClaims, SignedFile } from './sign.ts';

export interface BundleExpectations {
  readonly keys: VerificationKeys;
  readonly tenant: string;
  readonly scope: string;
  readonly now: Date;
  /** The highest sequence ever accepted for this tenant and scope; 0 at first. An older bundle is refused. */
  readonly highestSeq: number;
}

export interface VerifiedBundle {
  /** `sha256:<hex>` of the bytes. */
  readonly digest: string;
  readonly kid: string;
  readonly claims: BundleClaims;
  readonly manifest: BundleManifest;
  readonly data: JsonValue;
  readonly wasm: Uint8Array;
  readonly files: BundleFiles;
}

/**
 * Takes a bundle from an untrusted source and gives its content only if all of it is as signed, for this tenant and scope, now,
 * and not older than what was seen before. Nothing is parsed as policy before the signature over it is verified.
 * Throws BundleError.
 */
export function verifyBundle(bytes: Uint8Array, expected: BundleExpectations): VerifiedBundle {
  const files = new Map(unpackBundle(bytes));
  const token = onlySignature(files);
  files.delete(SIGNATURES_FILE);

  const { kid, payload } = verifiedToken(token, expected.keys);
  const { claims, signed } = readPayload(payload);
  assertMeantForUs(claims, expected);
  assertFilesAsSigned(files, signed);

  const wasm = files.get(WASM_FILE);
  if (wasm === undefined) throw new BundleError('bundle_malformed', `the bundle has no ${WASM_FILE}`);
  return { digest: digestOfBytes(bytes), kid, claims, manifest: readManifest(files), data: readStructured(files, DATA_FILE), wasm, files };
}

function onlySignature(files: BundleFiles): string {
  const bytes = files.get(SIGNATURES_FILE);
  if (bytes === undefined) throw new BundleError('bundle_unsigned', `the bundle has no ${SIGNATURES_FILE}`);
  const content = readJson(SIGNATURES_FILE, () => parseCanonical(bytes, MAX_BUNDLE_BYTES));
  const signatures = isObject(content) && Object.keys(content).length === 1 ? content['signatures'] : null;
  const [token] = Array.isArray(signatures) && signatures.length === 1 ? signatures : [];
  if (typeof token !== 'string') throw new BundleError('bundle_signature_invalid', `${SIGNATURES_FILE} must hold exactly one signature`);
  return token;
}

function verifiedToken(token: string, keys: VerificationKeys): { kid: string; payload: Uint8Array } {
  const parts = token.split('.');
  const [header64, payload64, signature64] = parts;
  if (parts.length !== 3 || header64 === undefined || payload64 === undefined || signature64 === undefined) {
    throw new BundleError('bundle_signature_invalid', 'the signature is not a compact JWT');
  }
  const kid = keyNamedBy(decodeBase64url(header64));
  const key = keys.get(kid);
  if (key === undefined) throw new BundleError('bundle_key_unknown', `the bundle is signed with the key ${JSON.stringify(kid)}, which is not one of this tenant's`);
  const signature = decodeBase64url(signature64);
  // The algorithm is the key's, never the token's: verificationKeys admits ES256 only.
  const valid = signature.byteLength === 64 && verifySignature('sha256', Buffer.from(`${header64}.${payload64}`, 'ascii'), { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (!valid) throw new BundleError('bundle_signature_invalid', 'the signature does not match the bundle');
  return { kid, payload: decodeBase64url(payload64) };
}

function keyNamedBy(header: Uint8Array): string {
  const content = readJson('the signature header', () => parseStrict(header));
  if (!isObject(content) || content['alg'] !== 'ES256' || typeof content['kid'] !== 'string' || 'crit' in content) {
    throw new BundleError('bundle_signature_invalid', 'the signature header must say ES256 and name its key');
  }
  return content['kid'];
}

/** One spelling only: Node ignores stray characters and the unused bits of the last one, so the text must come out again. */
function decodeBase64url(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new BundleError('bundle_signature_invalid', 'the signature is not clean base64url');
  return bytes;
}

function readPayload(payload: Uint8Array): { claims: BundleClaims; signed: SignedFile[] } {
  const content = readJson('the signature payload', () => parseStrict(payload, MAX_BUNDLE_BYTES));
  if (!isObject(content)) throw new BundleError('bundle_malformed', 'the signature payload is not an object');
  const { tenant, scope, seq, jti, iat, nbf, exp, files } = content;
  const texts = typeof tenant === 'string' && typeof scope === 'string' && typeof jti === 'string';
  if (!texts || !isCount(seq) || !isCount(iat) || !isCount(nbf) || !isCount(exp) || !Array.isArray(files)) {
    throw new BundleError('bundle_malformed', 'the signature lacks one of tenant, scope, seq, jti, iat, nbf, exp, files');
  }
  return { claims: { tenant, scope, seq, jti, iat, nbf, exp }, signed: files.map(signedFile) };
}

function signedFile(entry: JsonValue): SignedFile {
  if (!isObject(entry) || typeof entry['name'] !== 'string' || typeof entry['hash'] !== 'string' || entry['algorithm'] !== 'SHA-256') {
    throw new BundleError('bundle_malformed', 'the signature lists a file without name, hash or SHA-256');
  }
  return { name: entry['name'], hash: entry['hash'], algorithm: 'SHA-256' };
}

function assertMeantForUs(claims: BundleClaims, { tenant, scope, now, highestSeq }: BundleExpectations): void {
  const now_s = now.getTime() / 1000;
  if (claims.tenant !== tenant) throw new BundleError('bundle_wrong_tenant', `the bundle is for the tenant ${claims.tenant}, not for ${tenant}`);
  if (claims.scope !== scope) throw new BundleError('bundle_wrong_scope', `the bundle is for the scope ${claims.scope}, not for ${scope}`);
  if (claims.seq < highestSeq) throw new BundleError('bundle_rolled_back', `the bundle has sequence ${claims.seq}, and ${highestSeq} was seen before`);
  if (now_s < claims.nbf) throw new BundleError('bundle_not_yet_valid', `the bundle is valid from ${instant(claims.nbf)} on`);
  if (now_s >= claims.exp) throw new BundleError('bundle_expired', `the bundle expired at ${instant(claims.exp)}`);
}

/** Every file signed, every signed file there, every digest right. */
function assertFilesAsSigned(files: BundleFiles, signed: readonly SignedFile[]): void {
  const expected = new Map(signed.map((file) => [file.name, file.hash]));
  if (expected.size !== signed.length) throw new BundleError('bundle_malformed', 'the signature lists a file twice');
  for (const { name, hash } of signedFiles(files)) {
    if (expected.get(name) !== hash) throw new BundleError('bundle_digest_mismatch', `the file ${name} is not the one that was signed`);
    expected.delete(name);
  }
  const [missing] = expected.keys();
  if (missing !== undefined) throw new BundleError('bundle_digest_mismatch', `the signed file ${missing} is missing`);
}

function readJson(what: string, read: () => JsonValue): JsonValue {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CanonicalJsonError)) throw cause;
    throw new BundleError('bundle_malformed', `${what} cannot be read: ${cause.message}`, { cause });
  }
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString();
}
