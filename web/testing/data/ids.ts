import { createHash } from 'node:crypto';
import { ID_PREFIXES, type IdKind } from '@countersign/contracts/ids/prefixes.ts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** An id of `kind` that is the same in every run of the tests. */
export function idOf(kind: IdKind, name: string): string {
  const bytes = createHash('sha256').update(`${kind} ${name}`).digest();
  return `${ID_PREFIXES[kind]}_01k${[...bytes.subarray(0, 23)].map((byte) => ALPHABET[byte % 32]).join('')}`;
}

/** A SHA-256 as it is written in the API. */
export function digestOf(text: string): string {
  return `sha256:${hexOf(text)}`;
}

export function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
