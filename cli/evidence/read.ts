import { createHash } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { EvidenceError } from './errors.ts';

/** The text of a file of the bundle, which must be UTF-8. */
export function readText(files: ArchiveFiles, path: string): string {
  const bytes = files.get(path);
  if (bytes === undefined) throw new EvidenceError('file_missing', path, `${path} is missing from the bundle.`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new EvidenceError('file_invalid', path, `${path} is not UTF-8.`, { cause });
  }
}

/** A file that must be canonical JSON: added white space, another key order or a duplicate key is an alteration. */
export function readCanonical<T>(files: ArchiveFiles, path: string): T {
  return parseCanonical<T>(readText(files, path), path);
}

export function parseCanonical<T>(text: string, path: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EvidenceError('file_invalid', path, `${path} is not JSON.`, { cause });
  }
  if (canonicalText(value) !== text) throw new EvidenceError('file_not_canonical', path, `${path} is not in canonical form (RFC 8785): it was altered after it had been written.`);
  return value as T;
}

export function canonicalText(value: unknown): string {
  return canonicalize(value);
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
