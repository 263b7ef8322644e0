/** The little of DER (ITU-T X.690) that is not read or written by a library here: what goes around bytes that somebody else signs. */
export const SEQUENCE = 0x30;
export const SET = 0x31;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const UTF8_STRING = 0x0c;
/** `[0]`, constructed. */
export const CONTEXT_0 = 0xa0;

/** OBJECT IDENTIFIER 1.2.840.10045.4.3.2 as an AlgorithmIdentifier without parameters (RFC 5758, 3.2). */
export const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
/** OBJECT IDENTIFIER 2.5.4.3, commonName. */
export const COMMON_NAME = Buffer.from('0603550403', 'hex');

/** An element of `tag` around `parts`, in the shortest form of its length. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

export function bitString(bytes: Uint8Array): Buffer {
  return element(BIT_STRING, Buffer.from([0]), bytes);
}

/** The first element inside of the element that `der` is, with its own tag and length. */
export function firstInside(der: Uint8Array): Uint8Array {
  const { contentAt } = headAt(der, 0);
  const inner = headAt(der, contentAt);
  return der.subarray(contentAt, inner.contentAt + inner.length);
}

function headAt(der: Uint8Array, at: number): { readonly contentAt: number; readonly length: number } {
  const first = der[at + 1];
  if (first === undefined) throw new RangeError('The DER ends before its first element does.');
  if (first < 0x80) return { contentAt: at + 2, length: first };
  const size = first & 0x7f;
  const length = Buffer.from(der).readUIntBE(at + 2, size);
  return { contentAt: at + 2 + size, length };
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}
