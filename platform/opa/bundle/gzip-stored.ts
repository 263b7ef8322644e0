import { crc32 } from 'node:zlib';

const LARGEST_STORED_BLOCK = 0xffff;

/** A gzip member with stored blocks only: the same bytes for the same content on every machine. Source: RFC 1951 (3.2.4), RFC 1952. */
export function gzipStored(content: Uint8Array): Uint8Array {
  // Magic, deflate, no flags, no time, no extra flags, operating system unknown.
  const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)];
  let at = 0;
  do {
    const block = content.subarray(at, at + LARGEST_STORED_BLOCK);
    at += block.byteLength;
    parts.push(storedHeader(block.byteLength, at >= content.byteLength), block);
  } while (at < content.byteLength);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.byteLength, 4);
  return Buffer.concat([...parts, trailer]);
}

function storedHeader(length: number, last: boolean): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeUInt8(last ? 1 : 0, 0);
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(length ^ 0xffff, 3);
  return header;
}
