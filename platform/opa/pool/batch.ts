/**
 * Many questions, or many answers, in one buffer that changes hands instead of being copied: a message between threads costs more than
 * most evaluations. An entry is a few whole numbers and a text.
 */

const encoder = new TextEncoder();
const NUMBERS = 4;
const HEADER_BYTES = NUMBERS * 4;

/** Of a question: ticket, program, 0. Of an answer: ticket, ANSWERED or FAILED, microseconds. */
export type EntryNumbers = readonly [number, number, number];

/** The text is the result. */
export const ANSWERED = 0;
/** The text says why there is none. */
export const FAILED = 1;

export interface Entry {
  readonly numbers: EntryNumbers;
  /** A view into the batch. */
  readonly text: Buffer;
}

export class BatchWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity_bytes: number) {
    this.#bytes = Buffer.from(new ArrayBuffer(capacity_bytes));
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  addText(numbers: EntryNumbers, text: string): void {
    // Three bytes a character is the most that UTF-8 takes.
    const at = this.#begin(text.length * 3);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(at));
    this.#end(numbers, written);
  }

  addBytes(numbers: EntryNumbers, bytes: Uint8Array): void {
    const at = this.#begin(bytes.byteLength);
    this.#bytes.set(bytes, at);
    this.#end(numbers, bytes.byteLength);
  }

  /** What was written, to be transferred. The writer begins anew. */
  take(): ArrayBuffer {
    const batch = this.#bytes.buffer as ArrayBuffer;
    const used = this.#length;
    this.#bytes = Buffer.from(new ArrayBuffer(this.#bytes.byteLength));
    this.#length = 0;
    // Shrinks where it lies: the reader sees what was written and no more.
    return batch.transfer(used);
  }

  #begin(text_bytes: number): number {
    const needed = this.#length + HEADER_BYTES + text_bytes;
    if (needed > this.#bytes.byteLength) {
      this.#bytes = Buffer.from((this.#bytes.buffer as ArrayBuffer).transfer(Math.max(needed, 2 * this.#bytes.byteLength)));
    }
    return this.#length + HEADER_BYTES;
  }

  #end(numbers: EntryNumbers, text_bytes: number): void {
    numbers.forEach((number, index) => this.#bytes.writeInt32LE(number, this.#length + index * 4));
    this.#bytes.writeInt32LE(text_bytes, this.#length + (NUMBERS - 1) * 4);
    this.#length += HEADER_BYTES + text_bytes;
  }
}

export function* readBatch(batch: ArrayBuffer): Generator<Entry> {
  const bytes = Buffer.from(batch);
  let at = 0;
  while (at < bytes.byteLength) {
    const start = at + HEADER_BYTES;
    const end = start + bytes.readInt32LE(at + 12);
    yield { numbers: [bytes.readInt32LE(at), bytes.readInt32LE(at + 4), bytes.readInt32LE(at + 8)], text: bytes.subarray(start, end) };
    at = end;
  }
}
