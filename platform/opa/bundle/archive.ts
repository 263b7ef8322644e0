import { gunzipSync } from 'node:zlib';
import { BundleError } from './errors.ts';
import { gzipStored } from './gzip-stored.ts';
import { readTar, writeTar } from './tar.ts';

/** The files of a bundle by name: relative, `/` between folders. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

export const MAX_BUNDLE_BYTES = 32 * 1024 * 1024;
export const MAX_BUNDLE_FILES = 1_000;

/**
 * One set of files has exactly one archive: sorted by name, no times, no owners, stored without compression.
 *
 * Deflate can spell the same content in many ways, so a compressed archive could be altered without its content changing;
 * stored blocks cannot, their size is known before they are read (no decompression bombs), and the bytes do not depend on
 * a zlib version. OPA reads them as any tar.gz. Compression for the wire belongs to HTTP.
 */
export function packBundle(files: BundleFiles): Uint8Array {
  for (const name of files.keys()) assertFileName(name);
  if (files.size > MAX_BUNDLE_FILES) throw new BundleError('bundle_too_large', `a bundle has at most ${MAX_BUNDLE_FILES} files`);
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = gzipStored(writeTar(sorted));
  if (bytes.byteLength > MAX_BUNDLE_BYTES) throw new BundleError('bundle_too_large', `a bundle has at most ${MAX_BUNDLE_BYTES} bytes`);
  return bytes;
}

/** The files of an archive that packBundle wrote, byte for byte: anything else is refused, whatever it unpacks to. */
export function unpackBundle(bytes: Uint8Array): BundleFiles {
  if (bytes.byteLength > MAX_BUNDLE_BYTES) throw new BundleError('bundle_too_large', `a bundle has at most ${MAX_BUNDLE_BYTES} bytes`);
  const files = new Map<string, Uint8Array>();
  for (const [name, content] of readTar(gunzip(bytes))) {
    assertFileName(name);
    if (files.has(name)) throw new BundleError('bundle_malformed', `the file ${name} is in the bundle twice`);
    files.set(name, content);
  }
  if (Buffer.compare(packBundle(files), bytes) !== 0) {
    throw new BundleError('bundle_malformed', 'the archive is not in the one form that our bundles have (sorted, uncompressed tar.gz)');
  }
  return files;
}

function gunzip(bytes: Uint8Array): Uint8Array {
  try {
    // Stored blocks never unpack to more than they take.
    return gunzipSync(bytes, { maxOutputLength: Math.max(1, bytes.byteLength) });
  } catch (cause) {
    throw new BundleError('bundle_malformed', 'the bundle is not an intact, uncompressed gzip file', { cause });
  }
}

/** Plain relative names only: nothing that a file system, OPA or a second reader could take for another place. */
function assertFileName(name: string): void {
  const plain = /^[A-Za-z0-9._/-]{1,100}$/.test(name) && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!plain) throw new BundleError('bundle_malformed', `the file name ${JSON.stringify(name)} is not a plain relative path of at most 100 characters`);
}
