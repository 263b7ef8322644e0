import { fromString, typeid } from 'typeid-js';
import { ID_PREFIXES } from '@countersign/contracts/ids/prefixes.ts';
import type { IdKind } from '@countersign/contracts/ids/prefixes.ts';

/** A fresh id of `kind`, such as `run_01j...`. Ids of one process sort by the time they were made (UUIDv7, 1 ms). */
export function newId(kind: IdKind): string {
  return typeid(ID_PREFIXES[kind]).toString();
}

/** Whether `value` is a well-formed id of `kind`. */
export function isId(kind: IdKind, value: unknown): value is string {
  if (typeof value !== 'string') return false;
  try {
    fromString(value, ID_PREFIXES[kind]);
    return true;
  } catch {
    return false;
  }
}

const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';

/** When `id` was made, by the clock of who made it: the 48 bits of milliseconds that a UUIDv7 begins with (RFC 9562, 5.7). */
export function timeOfId(id: string): Date {
  const suffix = id.slice(id.lastIndexOf('_') + 1);
  // 26 characters are 130 bits of which the first two are none: the first ten hold the time.
  return new Date(Array.from(suffix.slice(0, 10)).reduce((time_ms, digit) => time_ms * 32 + BASE32.indexOf(digit), 0));
}
