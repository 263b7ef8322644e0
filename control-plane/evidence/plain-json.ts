import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** A file of canonical JSON. Rows as the database gives them hold dates; canonical JSON takes plain values only. */
export function jsonFile(value: unknown): Uint8Array {
  return Buffer.from(canonicalText(plain(value), MAX_FILE_BYTES));
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}
