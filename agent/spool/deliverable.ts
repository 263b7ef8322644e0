import { MAX_DEPTH } from '@countersign/platform/canonical-json/limits.ts';
import { SpoolError } from './errors.ts';

/** What JSON.stringify makes of NUL and of half a surrogate pair; also of the same characters spelt out, which are then looked at closely. */
const MAY_BE_REFUSED = /\\u(?:0000|d[89a-f])/i;
/** The delivery, its entries and the entry are around a body. */
const BODY_DEPTH = MAX_DEPTH - 3;

/**
 * A body as the cell takes it. What a peer wrote may hold NUL, and a text that was cut to length half of a character: each becomes U+FFFD, since what the
 * cell refuses would keep everything that follows it from being delivered, for ever.
 *
 * @throws SpoolError `entry_too_large` it is nested deeper than the cell reads
 */
export function deliverable<Body extends object>(body: Body): { readonly body: Body; readonly text: string } {
  requireDepth(body, BODY_DEPTH);
  const text = JSON.stringify(body);
  if (!MAY_BE_REFUSED.test(text)) return { body, text };
  const readable = readableOf(body) as Body;
  return { body: readable, text: JSON.stringify(readable) };
}

function requireDepth(value: unknown, left: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new SpoolError('entry_too_large', `What is to be told is nested deeper than ${BODY_DEPTH} levels, which the cell does not read. Leave out what is inside of it.`);
  for (const member of Object.values(value)) requireDepth(member, left - 1);
}

function readableOf(value: unknown): unknown {
  if (typeof value === 'string') return readableText(value);
  if (Array.isArray(value)) return value.map(readableOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [readableText(name), readableOf(member)]));
}

function readableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}
