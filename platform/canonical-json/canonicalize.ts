import { hash } from 'node:crypto';
import { CanonicalJsonError } from './errors.ts';
import { MAX_BYTES, MAX_DEPTH } from './limits.ts';
import { jsonPointer } from './pointer.ts';

/**
 * RFC 8785 (JSON Canonicalization Scheme): one value, one text, one digest.
 *
 * Stricter than the RFC where silence would let two different things share a digest: what JSON cannot say (undefined, dates,
 * class instances, holes, bigint, NaN) is refused instead of dropped or converted, and so are integers that a double cannot hold.
 * `parseStrict(canonicalText(value))` gives the same value back, and `canonicalText(parseStrict(text)) === text` proves a text canonical.
 *
 * Written here because json-canonicalize emits a nested object that has a `toJSON` key in insertion order; that package is
 * the second opinion in our tests.
 */
export function canonicalText(value: unknown, max_bytes = MAX_BYTES): string {
  const writer = new CanonicalWriter(max_bytes);
  writer.write(value);
  return writer.finish();
}

/** The UTF-8 bytes of the canonical text: what is hashed, signed and stored. At most MAX_BYTES unless a caller says otherwise. */
export function canonicalBytes(value: unknown, max_bytes = MAX_BYTES): Uint8Array {
  return Buffer.from(canonicalText(value, max_bytes), 'utf8');
}

/** `sha256:<64 hex digits>` over the canonical bytes. */
export function digestOf(value: unknown): string {
  return digestOfBytes(canonicalText(value));
}

/** `sha256:<64 hex digits>` over bytes as they are (a string stands for its UTF-8 bytes). */
export function digestOfBytes(bytes: Uint8Array | string): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}

/** Most texts and nearly all keys: without quotes, backslashes, control characters and surrogates, whole or half. */
const NEEDS_NO_ESCAPE = /^[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*$/;

class CanonicalWriter {
  #text = '';
  /** Shared by the whole walk, so that only a failing value pays for building its pointer. */
  readonly #path: Array<string | number> = [];
  readonly #max_bytes: number;

  constructor(max_bytes: number) {
    this.#max_bytes = max_bytes;
  }

  finish(): string {
    if (Buffer.byteLength(this.#text, 'utf8') > this.#max_bytes) throw this.#tooLarge();
    return this.#text;
  }

  write(value: unknown): void {
    if (value === null || typeof value === 'boolean') this.#text += String(value);
    else if (typeof value === 'string') this.#text += this.#quoted(value);
    else if (typeof value === 'number') this.#writeNumber(value);
    else if (Array.isArray(value)) this.#writeArray(value);
    else if (typeof value === 'object') this.#writeObject(value);
    else throw this.#refuse('json_unsupported_value', `${typeof value} is not a JSON value; leave the key out or convert it`);
  }

  #quoted(value: string): string {
    if (NEEDS_NO_ESCAPE.test(value)) return `"${value}"`;
    if (!value.isWellFormed()) throw this.#refuse('json_lone_surrogate', 'the text holds half of a surrogate pair');
    return JSON.stringify(value);
  }

  /** ECMAScript's own number text is the RFC's (section 3.2.2.3), -0 included. */
  #writeNumber(value: number): void {
    if (!Number.isFinite(value)) throw this.#refuse('json_unsafe_number', 'JSON has no NaN and no Infinity');
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw this.#refuse('json_unsafe_number', 'integers beyond 2^53 lose digits; send them as strings');
    }
    this.#text += JSON.stringify(value);
  }

  #writeArray(items: readonly unknown[]): void {
    this.#enter();
    this.#text += '[';
    // An index loop, because forEach and for-in skip holes, and a hole is not null.
    for (let index = 0; index < items.length; index += 1) {
      if (index > 0) this.#text += ',';
      this.#writeMember(index, items[index]);
    }
    this.#text += ']';
  }

  #writeObject(object: object): void {
    this.#enter();
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) {
      throw this.#refuse('json_unsupported_value', 'only plain objects are JSON; convert dates, maps, buffers and class instances');
    }
    if (Object.getOwnPropertySymbols(object).length > 0) throw this.#refuse('json_unsupported_value', 'a symbol cannot be a key');
    this.#text += '{';
    let separator = '';
    // The default sort compares UTF-16 code units, which is the RFC's order (section 3.2.3).
    for (const key of Object.keys(object).sort()) {
      this.#text += `${separator}${this.#quoted(key)}:`;
      this.#writeMember(key, (object as Record<string, unknown>)[key]);
      separator = ',';
    }
    this.#text += '}';
  }

  #writeMember(key: string | number, value: unknown): void {
    this.#path.push(key);
    this.write(value);
    this.#path.pop();
  }

  /** Depth stops cycles; size stops a small graph of shared objects from unfolding into gigabytes. */
  #enter(): void {
    if (this.#path.length >= MAX_DEPTH) throw this.#refuse('json_too_deep', `nested deeper than ${MAX_DEPTH} levels`);
    if (this.#text.length > this.#max_bytes) throw this.#tooLarge();
  }

  #tooLarge(): CanonicalJsonError {
    return new CanonicalJsonError('json_too_large', '', `larger than ${this.#max_bytes} bytes`);
  }

  #refuse(code: CanonicalJsonError['code'], detail: string): CanonicalJsonError {
    return new CanonicalJsonError(code, jsonPointer(this.#path), detail);
  }
}
