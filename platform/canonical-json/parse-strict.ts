import { canonicalText } from './canonicalize.ts';
import { CanonicalJsonError } from './errors.ts';
import { MAX_BYTES, MAX_DEPTH } from './limits.ts';
import { jsonPointer } from './pointer.ts';

/** What JSON can say, after parsing. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * Reads JSON from outside: I-JSON (RFC 7493), at most `max_bytes` long and MAX_DEPTH deep, no duplicate keys, no `__proto__`, no byte order mark.
 *
 * JSON.parse alone lets the last of two equal keys win, so that two readers of one text can disagree about what was approved.
 * Throws CanonicalJsonError.
 */
export function parseStrict(source: string | Uint8Array, max_bytes = MAX_BYTES): JsonValue {
  const text = decode(source, max_bytes);
  refuseDuplicatesAndDepth(text);
  const value = parse(text);
  // The same rules as for writing: numbers that a double holds, whole surrogate pairs.
  canonicalText(value, max_bytes);
  return value;
}

/** As parseStrict, and the text must be the canonical text of its value: one spelling, so bytes may be compared and hashed. */
export function parseCanonical(source: string | Uint8Array, max_bytes = MAX_BYTES): JsonValue {
  const text = decode(source, max_bytes);
  const value = parseStrict(text, max_bytes);
  if (canonicalText(value, max_bytes) !== text) {
    throw new CanonicalJsonError('json_syntax', '', 'valid JSON, but not in canonical form (RFC 8785)');
  }
  return value;
}

function decode(source: string | Uint8Array, max_bytes: number): string {
  const size_bytes = typeof source === 'string' ? Buffer.byteLength(source, 'utf8') : source.byteLength;
  if (size_bytes > max_bytes) throw new CanonicalJsonError('json_too_large', '', `larger than ${max_bytes} bytes`);
  if (typeof source === 'string') return source;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(source);
  } catch (cause) {
    throw new CanonicalJsonError('json_syntax', '', 'not valid UTF-8', { cause });
  }
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The engine's message quotes the text, which may hold secrets: it is not passed on.
    throw new CanonicalJsonError('json_syntax', '', 'not valid JSON');
  }
}

/** One open container: the keys seen so far where it is an object, and the member being read. */
interface Open {
  readonly keys: Set<string> | null;
  member: string | number;
  expectsKey: boolean;
}

/**
 * A pass over the tokens before JSON.parse builds anything, in linear time whatever the text. It need not understand broken
 * syntax: what slips through here because the text is not JSON is refused by JSON.parse right after.
 */
function refuseDuplicatesAndDepth(text: string): void {
  const open: Open[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    const current = open.at(-1);
    if (character === '{' || character === '[') {
      if (open.length >= MAX_DEPTH) throw new CanonicalJsonError('json_too_deep', pointerOf(open), `nested deeper than ${MAX_DEPTH} levels`);
      open.push(character === '{' ? { keys: new Set(), member: '', expectsKey: true } : { keys: null, member: 0, expectsKey: false });
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ',' && current !== undefined) {
      nextMember(current);
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (current?.keys && current.expectsKey) readKey(text.slice(at, end + 1), current, current.keys, open);
      at = end;
    }
  }
}

/** The index of the closing quote, or of the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function nextMember(current: Open): void {
  if (current.keys !== null) current.expectsKey = true;
  else if (typeof current.member === 'number') current.member += 1;
}

/** Keys are compared after their escapes are read: `"a"` and `"\u0061"` are one key. */
function readKey(token: string, current: Open, keys: Set<string>, open: readonly Open[]): void {
  const key = parse(token) as string;
  current.member = key;
  current.expectsKey = false;
  if (keys.has(key)) throw new CanonicalJsonError('json_duplicate_key', pointerOf(open), 'the key appears twice in one object');
  if (key === '__proto__') throw new CanonicalJsonError('json_forbidden_key', pointerOf(open), 'this key is refused: it changes what objects inherit');
  keys.add(key);
}

function pointerOf(open: readonly Open[]): string {
  return jsonPointer(open.map((level) => level.member));
}
