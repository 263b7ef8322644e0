/**
 * Arrays as PostgreSQL takes them in binary: no escaping here, no parsing there. A statement names the type it wants (`$1::text[]`); the
 * elements must be of just that type. Layout: array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
 */

const OID = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, float8: 701 } as const;
/** Dimensions, whether there are nulls, element type, length, lower bound: four bytes each. */
const HEADER_BYTES = 20;
const NO_ELEMENTS_BYTES = 12;

/** `text[]`. Lone surrogates become U+FFFD. */
export function texts(values: ReadonlyArray<string | null>): Buffer {
  const lengths = values.map((value) => (value === null ? -1 : Buffer.byteLength(value)));
  return filled(OID.text, lengths, (into, at, index) => into.write(values[index]!, at));
}

/** `bytea[]`. */
export function byteStrings(values: ReadonlyArray<Uint8Array | null>): Buffer {
  return filled(OID.bytea, values.map((value) => value?.byteLength ?? -1), (into, at, index) => into.set(values[index]!, at));
}

/** `int[]`; whole numbers of 32 bits. */
export function ints(values: ReadonlyArray<number | null>): Buffer {
  return filled(OID.int4, values.map((value) => (value === null ? -1 : 4)), (into, at, index) => into.writeInt32BE(values[index]!, at));
}

/** `bigint[]`; decimal strings, as fences travel. */
export function bigints(values: ReadonlyArray<string | null>): Buffer {
  return filled(OID.int8, values.map((value) => (value === null ? -1 : 8)), (into, at, index) => into.writeBigInt64BE(BigInt(values[index]!), at));
}

/** `float8[]`. */
export function floats(values: ReadonlyArray<number | null>): Buffer {
  return filled(OID.float8, values.map((value) => (value === null ? -1 : 8)), (into, at, index) => into.writeDoubleBE(values[index]!, at));
}

/** `boolean[]`. */
export function booleans(values: readonly boolean[]): Buffer {
  return filled(OID.bool, values.map(() => 1), (into, at, index) => into.writeUInt8(values[index] === true ? 1 : 0, at));
}

/** `lengths`: in bytes; -1 is null. */
function filled(oid: number, lengths: readonly number[], write: (into: Buffer, at: number, index: number) => unknown): Buffer {
  if (lengths.length === 0) return header(Buffer.alloc(NO_ELEMENTS_BYTES), oid, 0, false);
  let size = HEADER_BYTES;
  let hasNull = false;
  for (const length of lengths) {
    size += 4 + Math.max(length, 0);
    hasNull ||= length < 0;
  }
  const array = header(Buffer.allocUnsafe(size), oid, 1, hasNull);
  array.writeInt32BE(lengths.length, 12);
  array.writeInt32BE(1, 16);
  let at = HEADER_BYTES;
  for (const [index, length] of lengths.entries()) {
    at = array.writeInt32BE(length, at);
    if (length < 0) continue;
    write(array, at, index);
    at += length;
  }
  return array;
}

function header(array: Buffer, oid: number, dimensions: number, hasNull: boolean): Buffer {
  array.writeInt32BE(dimensions, 0);
  array.writeInt32BE(hasNull ? 1 : 0, 4);
  array.writeInt32BE(oid, 8);
  return array;
}
