import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { ClassifierError } from './errors.ts';
import type { LabelModel, TrainedModel } from './model.ts';
import { invertBuckets } from './vectorizer.ts';

/**
 * The file format of a model, version 1, all numbers little-endian:
 *
 *   0   8 bytes  magic "CSTRIAGE"
 *   8   4 bytes  version
 *   12  4 bytes  length of the header in bytes
 *   16  8 bytes  length of the whole file in bytes
 *   24  32 bytes SHA-256 of all bytes but these 32
 *   56           header, JSON in UTF-8: seed, counts, ids, label and class names, and for each array its length
 *   ...          the arrays in the header's order, each starting at a multiple of 8
 *
 * Nothing in it depends on the clock or on the machine: the same model gives the same bytes.
 */
const MAGIC = 'CSTRIAGE';
const VERSION = 1;
const DIGEST_START = 24;
const PREAMBLE_BYTES = 56;

const ARRAY_TYPES = { i16: Int16Array, i32: Int32Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array } as const;
type ArrayType = keyof typeof ARRAY_TYPES;
type ModelArray = Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

interface Header {
  readonly seed: number;
  readonly labelled_count: number;
  readonly ids: readonly string[];
  readonly labels: readonly { readonly label: string; readonly classes: readonly string[]; readonly labelled_count: number }[];
  readonly arrays: readonly { readonly type: ArrayType; readonly length: number }[];
}

/** The model as bytes; see the format above. */
export function serialise(model: TrainedModel): Uint8Array {
  const arrays = arraysOf(model);
  const header: Header = {
    seed: model.seed,
    labelled_count: model.labelledCount,
    ids: model.neighbours.ids,
    labels: model.labels.map(({ label, classes, labelledCount }) => ({ label, classes, labelled_count: labelledCount })),
    arrays: arrays.map((array) => ({ type: typeOf(array), length: array.length })),
  };
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const total = arrays.reduce((end, array) => align(end) + array.byteLength, PREAMBLE_BYTES + headerBytes.length);
  const bytes = new Uint8Array(total);
  bytes.set(headerBytes, PREAMBLE_BYTES);
  let end = PREAMBLE_BYTES + headerBytes.length;
  for (const array of arrays) {
    const start = align(end);
    bytes.set(littleEndian(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), array.BYTES_PER_ELEMENT), start);
    end = start + array.byteLength;
  }
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC), 0);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerBytes.length, true);
  view.setBigUint64(16, BigInt(total), true);
  bytes.set(digestOf(bytes), DIGEST_START);
  return bytes;
}

/**
 * The model that `serialise` wrote. Copies what it needs; the bytes may be reused afterwards.
 * @throws ClassifierError classifier_model_magic, _version, _truncated, _digest, _malformed
 */
export function deserialise(bytes: Uint8Array): TrainedModel {
  const headerLength = checkPreamble(bytes);
  const header = readHeader(bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + headerLength));
  const reader = createReader(bytes, PREAMBLE_BYTES + headerLength, header);
  const buckets = reader.next('u32');
  const vocabulary = { buckets, idf: reader.next('f32'), featureOf: invertBuckets(buckets) };
  const neighbours = { ids: header.ids, offsets: reader.next('u32'), tickets: reader.next('u32'), weights: reader.next('f32') };
  const labels = header.labels.map(({ label, classes, labelled_count }): LabelModel => ({
    label,
    classes,
    labelledCount: labelled_count,
    ticketClasses: reader.next('i32'),
    weights: reader.next('i16'),
    scales: reader.next('f64'),
    intercepts: reader.next('f64'),
    nearestWeight: reader.next('f64'),
    topCalibration: reader.next('f64'),
  }));
  return { seed: header.seed, labelledCount: header.labelled_count, vocabulary, neighbours, labels };
}

/** In the order in which `deserialise` reads them. */
function arraysOf({ vocabulary, neighbours, labels }: TrainedModel): ModelArray[] {
  return [
    vocabulary.buckets, vocabulary.idf,
    neighbours.offsets, neighbours.tickets, neighbours.weights,
    ...labels.flatMap((label): ModelArray[] => [
      label.ticketClasses, label.weights, label.scales, label.intercepts, label.nearestWeight, label.topCalibration,
    ]),
  ];
}

function typeOf(array: ModelArray): ArrayType {
  if (array instanceof Int16Array) return 'i16';
  if (array instanceof Int32Array) return 'i32';
  if (array instanceof Uint32Array) return 'u32';
  return array instanceof Float32Array ? 'f32' : 'f64';
}

function align(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

/** Typed arrays use the machine's byte order; a big-endian machine turns every element round. */
function littleEndian(bytes: Uint8Array, elementBytes: number): Uint8Array {
  if (endianness() === 'LE' || elementBytes === 1) return bytes;
  const turned = bytes.slice();
  for (let at = 0; at < turned.length; at += elementBytes) turned.subarray(at, at + elementBytes).reverse();
  return turned;
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes.subarray(0, DIGEST_START)).update(bytes.subarray(PREAMBLE_BYTES)).digest();
}

/** Checks what stands before the header and returns the header's length. */
function checkPreamble(bytes: Uint8Array): number {
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) {
    if (MAGIC.startsWith(magic)) throw truncated(bytes.length, PREAMBLE_BYTES);
    throw new ClassifierError('classifier_model_magic', `These bytes are no classifier model: they do not begin with ${MAGIC}. Train a model and serialise it.`);
  }
  if (bytes.length < PREAMBLE_BYTES) throw truncated(bytes.length, PREAMBLE_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new ClassifierError('classifier_model_version', `The model has format version ${version}; this release reads version ${VERSION}. Train it again.`);
  }
  const total = view.getBigUint64(16, true);
  if (BigInt(bytes.length) < total) throw truncated(bytes.length, total);
  if (BigInt(bytes.length) > total) {
    throw new ClassifierError('classifier_model_malformed', `The model ends at byte ${total}, but ${bytes.length} bytes were given. Pass exactly what serialise returned.`);
  }
  if (!Buffer.from(digestOf(bytes)).equals(bytes.subarray(DIGEST_START, PREAMBLE_BYTES))) {
    throw new ClassifierError('classifier_model_digest', 'The model does not match its SHA-256: it was changed after it was written. Fetch it again or train it again.');
  }
  return view.getUint32(12, true);
}

function truncated(found: number, wanted: number | bigint): ClassifierError {
  return new ClassifierError('classifier_model_truncated', `The model should have ${wanted} bytes and has ${found}: it was cut off. Fetch it again.`);
}

/** The digest proves that `serialise` wrote these bytes; the shape is checked for bytes that were made otherwise. */
function readHeader(bytes: Uint8Array): Header {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isHeader(header)) return header;
  } catch (cause) {
    throw malformed('its header is no JSON', cause);
  }
  throw malformed('its header lacks a field');
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const { seed, labelled_count, ids, labels, arrays } = value as Partial<Header>;
  return (
    typeof seed === 'number' && typeof labelled_count === 'number' && isStrings(ids) && Array.isArray(arrays) && Array.isArray(labels) &&
    arrays.every((array) => Object.hasOwn(ARRAY_TYPES, array?.type) && Number.isSafeInteger(array.length) && array.length >= 0) &&
    labels.every((label) => typeof label?.label === 'string' && typeof label.labelled_count === 'number' && isStrings(label.classes))
  );
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function malformed(what: string, cause?: unknown): ClassifierError {
  return new ClassifierError('classifier_model_malformed', `The model cannot be read: ${what}. Train it again.`, { cause });
}

interface ArrayReader {
  readonly next: <Type extends ArrayType>(type: Type) => InstanceType<(typeof ARRAY_TYPES)[Type]>;
}

function createReader(bytes: Uint8Array, afterHeader: number, header: Header): ArrayReader {
  let end = afterHeader;
  let number = 0;
  return {
    next(type) {
      const entry = header.arrays[number++];
      if (entry === undefined || entry.type !== type) throw malformed(`array ${number} is not of type ${type}`);
      const arrayType = ARRAY_TYPES[type];
      const start = align(end);
      end = start + entry.length * arrayType.BYTES_PER_ELEMENT;
      if (end > bytes.length) throw malformed(`array ${number} reaches beyond the end`);
      // A copy of its own: views need alignment, and `slice` of a Buffer would give a window on all of it.
      const copy = littleEndian(new Uint8Array(bytes.subarray(start, end)), arrayType.BYTES_PER_ELEMENT);
      return new arrayType(copy.buffer as ArrayBuffer) as InstanceType<(typeof ARRAY_TYPES)[typeof type]>;
    },
  };
}
