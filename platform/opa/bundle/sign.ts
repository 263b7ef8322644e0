import { canonicalText } from '../../canonical-json/canonicalize.ts';
import { digestOfBytes } from '../../canonical-json/canonicalize.ts';
import { MAX_BUNDLE_BYTES, packBundle } from './archive.ts';
import type { BundleFiles } from './archive.ts';
import { SIGNATURES_FILE, readManifest, readStructured, DATA_FILE } from './contents.ts';
import { BundleError } from './errors.ts';
import type { BundleSigningKey } from './keys.ts';

/**
 * What a bundle's signature says beside its files. `scope` is OPA's; OPA itself has no expiry, no rollback protection and no
 * tenant, so the rest is ours and our decision points enforce it. Times are seconds since 1970 (RFC 7519).
 */
export interface BundleClaims {
  readonly tenant: string;
  readonly scope: string;
  /** Grows with every bundle of a tenant and scope, rollbacks included. */
  readonly seq: number;
  readonly jti: string;
  readonly iat: number;
  /** A little before `iat`, so that a reader whose clock is slow does not refuse a new bundle. */
  readonly nbf: number;
  readonly exp: number;
}

export interface SignedBundle {
  readonly bytes: Uint8Array;
  /** `sha256:<hex>` of the bytes: the bundle's address in the object store and its ETag. */
  readonly digest: string;
}

/** One file as OPA's signature names it. Source: OPA documentation, "Bundle signature format". */
export interface SignedFile {
  readonly name: string;
  readonly hash: string;
  readonly algorithm: 'SHA-256';
}

/**
 * Packs and signs `files` (with `.manifest`, `data.json`, `policy.wasm` and sources, without `.signatures.json`) so that
 * stock OPA and verifyBundle both accept it: one ES256 JWT over the digest of every file.
 */
export async function signBundle({ files, claims, key }: { files: BundleFiles; claims: BundleClaims; key: BundleSigningKey }): Promise<SignedBundle> {
  if (key.algorithm !== 'ES256') throw new BundleError('bundle_key_unknown', `the key ${key.kid} is for ${key.algorithm}; OPA verifies bundles signed with ES256`);
  if (files.has(SIGNATURES_FILE)) throw new BundleError('bundle_malformed', `the files hold ${SIGNATURES_FILE} already: sign the files without it`);
  // Read for their refusals: what OPA would hash differently must not be signed.
  readManifest(files);
  readStructured(files, DATA_FILE);

  const header = canonicalText({ alg: 'ES256', kid: key.kid, typ: 'JWT' });
  const payload = canonicalText({ ...claims, files: signedFiles(files) }, MAX_BUNDLE_BYTES);
  const signed = `${base64url(header)}.${base64url(payload)}`;
  const signature = await key.sign(Buffer.from(signed, 'ascii'));
  const token = `${signed}.${base64url(signature)}`;

  const signatures = Buffer.from(canonicalText({ signatures: [token] }, MAX_BUNDLE_BYTES), 'utf8');
  const bytes = packBundle(new Map([...files, [SIGNATURES_FILE, signatures]]));
  return { bytes, digest: digestOfBytes(bytes) };
}

/** Every file with its SHA-256, sorted by name. Structured files are canonical, so their bytes hash as OPA hashes the document. */
export function signedFiles(files: BundleFiles): SignedFile[] {
  return [...files]
    .map(([name, content]): SignedFile => ({ name, hash: digestOfBytes(content).slice('sha256:'.length), algorithm: 'SHA-256' }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}
