import { createHash } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import { canonicalText as verifiersText } from '@countersign/contracts/transparency/canonical.ts';
import { canonicalText as writersText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { tryAll } from './suite.ts';
import type { Suite } from './suite.ts';
import type { Rfc8785Vectors } from './vector-source.ts';

/** By whom a value is written: whoever makes records, whoever verifies them, and the package that is our second opinion. */
const WRITERS: ReadonlyArray<readonly [string, (value: unknown) => string | undefined]> = [['platform', writersText], ['contracts', verifiersText], ['json-canonicalize', canonicalize]];

const UNSAFE = 'Refused on purpose: a double does not hold every integer beyond 2^53, so they travel as strings (stricter than the RFC).';

/** SHA-256 of the first so many lines of the list of numbers, as its README publishes them. */
const PUBLISHED = new Map([
  [1_000, 'be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687'], [10_000, 'b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892'],
  [100_000, '22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7'], [1_000_000, '49415fee2c56c77864931bd3624faad425c3c577d6d74e89a83bc725506dad16'],
]);

/** The files that RFC 8785 was published with. */
export function rfc8785Files({ files }: Rfc8785Vectors): Suite[] {
  const vectors = files.map(({ name, input, canonical_hex }) => ({ name, input: JSON.parse(input) as unknown, expected: Buffer.from(canonical_hex, 'hex') }));
  return WRITERS.map(([writer, write]) => {
    // Our two writers refuse what the package takes; it is tried with what they do take, and the file named.
    const refused = writer === 'json-canonicalize' ? [] : vectors.filter(({ input }) => holdsUnsafeInteger(input));
    const suite = tryAll(`RFC 8785 files, ${writer}`, vectors.filter((vector) => !refused.includes(vector)), ({ input, expected }) => Buffer.from(write(input) ?? '').equals(expected), ({ name }) => name);
    const untaken = refused.filter(({ input }) => !isRefused(write, input)).map(({ name }) => `${name} was taken, with an integer beyond 2^53 in it`);
    return { ...suite, tests: vectors.length, failed: [...suite.failed, ...untaken], exceptions: refused.map(({ name }) => ({ which: name, count: 1, why: UNSAFE })) };
  });
}

function holdsUnsafeInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsUnsafeInteger);
}

function isRefused(write: (value: unknown) => string | undefined, value: unknown): boolean {
  try {
    return write(value) === undefined;
  } catch {
    return true;
  }
}

/**
 * The published list of numbers, generated as its README says. That V8 writes a number as V8 does would show nothing: what counts is that the
 * lines which come of it have the published SHA-256. Integers beyond 2^53 are refused by our two writers on purpose, and counted.
 */
export function numbers({ first_numbers }: Rfc8785Vectors, count: number): Suite[] {
  const begin = first_numbers.map((bits) => BigInt(`0x${bits}`));
  const sums = new Map<number, string>();
  const hash = createHash('sha256');
  const tallies = WRITERS.slice(0, 2).map(([writer, write]) => ({ writer, write, passed: 0, refused: 0, first: '', failed: [] as string[] }));
  let at = 0;
  for (const [bits, value] of doubles(begin, count)) {
    const expected = canonicalize(value);
    hash.update(`${bits.toString(16)},${expected}\n`);
    for (const tally of tallies) judge(tally, bits, value, expected);
    at += 1;
    if (PUBLISHED.has(at)) sums.set(at, hash.copy().digest('hex'));
  }
  const checked = [...PUBLISHED].filter(([lines]) => lines <= count);
  return [
    tryAll('RFC 8785 numbers, published SHA-256 of the list, json-canonicalize', checked, ([lines, sha256]) => sums.get(lines) === sha256, ([lines]) => `the first ${lines} lines`),
    ...tallies.map(({ writer, passed, refused, first, failed }): Suite => ({
      suite: `RFC 8785 numbers, ${writer}`, tests: count, passed, failed,
      exceptions: refused === 0 ? [] : [{ which: `integers beyond 2^53, the first with the bits ${first}`, count: refused, why: UNSAFE }],
    })),
  ];
}

interface NumberTally {
  readonly write: (value: unknown) => string | undefined;
  passed: number;
  refused: number;
  first: string;
  readonly failed: string[];
}

function judge(tally: NumberTally, bits: bigint, value: number, expected: string): void {
  const mayBeRefused = Number.isInteger(value) && !Number.isSafeInteger(value);
  let text: string | undefined;
  try {
    text = tally.write(value);
  } catch (error) {
    if (!mayBeRefused) throw error;
  }
  if (text === expected) tally.passed += 1;
  else if (text === undefined && mayBeRefused) {
    tally.refused += 1;
    if (tally.first === '') tally.first = bits.toString(16);
  } else if (tally.failed.length < 20) tally.failed.push(bits.toString(16));
}

/** The edge cases of the list, then 2,000 in a row from the smallest normal number on, then what SHA-256 of SHA-256 of 32 zeros gives, four at a time. */
function* doubles(begin: readonly bigint[], count: number): Generator<readonly [bigint, number]> {
  const cell = new DataView(new ArrayBuffer(8));
  const valueOf = (bits: bigint): number => {
    cell.setBigUint64(0, bits);
    return cell.getFloat64(0);
  };
  let given = 0;
  for (const bits of [...begin, ...Array.from({ length: 2_000 }, (_, n) => 0x0010000000000000n + BigInt(n))]) {
    if (given >= count) return;
    given += 1;
    yield [bits, valueOf(bits)];
  }
  for (let block = Buffer.alloc(32); ;) {
    block = createHash('sha256').update(block).digest();
    for (let offset = 0; offset < 32; offset += 8) {
      const value = block.readDoubleLE(offset);
      if (value === 0 || !Number.isFinite(value)) continue;
      if (given >= count) return;
      given += 1;
      yield [block.readBigUInt64LE(offset), value];
    }
  }
}
