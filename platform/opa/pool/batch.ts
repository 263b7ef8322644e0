/**
 * Many questions, or many answers, in one buffer that changes hands instead of being copied: a message between threads costs more than
 * most evaluations. An entry is a few whole numbers and a text.
 */

const encoder = new TextEncoder();
/** Four numbers of 32 bits. */
const HEADER_BYTES = 16;

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
  /** Kept and written over: what leaves is a copy of the size that was used. */
  #bytes: Buffer;
  #length = 0;

  constructor(capacity_bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity_bytes);
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
    const batch = new ArrayBuffer(this.#length);
    this.#bytes.copy(new Uint8Array(batch));
    this.#length = 0;
    return batch;
  }

  #begin(text_bytes: number): number {
    const needed = this.#length + HEADER_BYTES + text_bytes;
    if (needed > this.#bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.byteLength));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    return this.#length + HEADER_BYTES;
  }

  #end(numbers: EntryNumbers, text_bytes: number): void {
    this.#bytes.writeInt32LE(numbers[0], this.#length);
    this.#bytes.writeInt32LE(numbers[1], this.#length + 4);
    this.#bytes.writeInt32LE(numbers[2], this.#length + 8);
    this.#bytes.writeInt32LE(text_bytes, this.#length + 12);
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
