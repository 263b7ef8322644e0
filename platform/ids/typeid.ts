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
