import { createHash } from 'node:crypto';
import { canonicalText, parseCanonical as parsed } from '@countersign/contracts/transparency/canonical.ts';
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
  const canonical = parsed(text);
  if (canonical !== undefined) return canonical.value as T;
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new EvidenceError('file_invalid', path, `${path} is not JSON.`, { cause });
  }
  throw new EvidenceError('file_not_canonical', path, `${path} is not in canonical form (RFC 8785): it was altered after it had been written.`);
}

/** Of a value that `parseCanonical` gave, or a part of one. */
export function canonicalOf(value: unknown, path: string): string {
  const text = canonicalText(value);
  if (text === undefined) throw new EvidenceError('file_not_canonical', path, `${path} holds what has no canonical form.`);
  return text;
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
