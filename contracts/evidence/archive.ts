import { crc32 } from 'node:zlib';

/**
 * The zip of an evidence bundle, in one form only: entries stored (not compressed), sorted by path, dated 1980-01-01, no extra fields, no
 * comments. The same files therefore give the same bytes, and a reader can refuse every archive that is not exactly what the writer
 * would have written: there is no place left in which a byte could change unseen. Any zip tool opens it.
 * Source of the layout: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16.
 */
export type ArchiveFiles = ReadonlyMap<string, Uint8Array>;

export type ArchiveErrorCode = 'archive_not_zip' | 'archive_entry_altered' | 'archive_structure_altered' | 'archive_path_invalid' | 'archive_too_large' | 'archive_statement_invalid';

export class ArchiveError extends Error {
  readonly code: ArchiveErrorCode;
  /** The file of the bundle that is affected, as far as it can be told. */
  readonly file: string | null;

  constructor(code: ArchiveErrorCode, file: string | null, message: string) {
    super(message);
    this.name = 'ArchiveError';
    this.code = code;
    this.file = file;
  }
}

export const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024;
/** More need another form of the directory (4.4.1.4). */
const MAX_ENTRIES = 65_535;

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_CENTRAL = 0x06054b50;
const LOCAL_HEADER_BYTES = 30;
const DOS_DATE_1980_01_01 = 0x21;
const VERSION_NEEDED = 10;
const PATH = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*$/;

/** The archive's bytes. @throws ArchiveError `archive_path_invalid`, `archive_too_large` */
export function encodeArchive(files: ArchiveFiles): Uint8Array {
  refuseTooMany(files);
  const paths = [...files.keys()].sort();
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let offset = 0;
  for (const path of paths) {
    if (!PATH.test(path)) throw new ArchiveError('archive_path_invalid', path, `Not a path of a bundle: ${JSON.stringify(path)}.`);
    const content = files.get(path)!;
    const local = Buffer.concat([entryHeader(LOCAL_HEADER, path, content, null), content]);
    locals.push(local);
    centrals.push(entryHeader(CENTRAL_HEADER, path, content, offset));
    offset += local.length;
    if (offset > MAX_ARCHIVE_BYTES) throw new ArchiveError('archive_too_large', path, `A bundle holds at most ${MAX_ARCHIVE_BYTES} bytes.`);
  }
  const central = Buffer.concat(centrals);
  return Buffer.concat([...locals, central, endRecord(paths.length, central.length, offset)]);
}

/**
 * The files of an archive that `encodeArchive` wrote.
 * @throws ArchiveError naming the file when a content does not fit its checksum, or when any other byte differs from what the writer writes
 */
export function decodeArchive(bytes: Uint8Array): ArchiveFiles {
  if (bytes.length > MAX_ARCHIVE_BYTES) throw new ArchiveError('archive_too_large', null, `A bundle holds at most ${MAX_ARCHIVE_BYTES} bytes.`);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map<string, Uint8Array>();
  let offset = 0;
  let before: string | null = null;
  while (offset + LOCAL_HEADER_BYTES <= buffer.length && buffer.readUInt32LE(offset) === LOCAL_HEADER) {
    const entry = readEntry(buffer, offset, before);
    files.set(entry.path, entry.content);
    refuseTooMany(files);
    before = entry.path;
    offset = entry.end;
  }
  if (files.size === 0) throw new ArchiveError('archive_not_zip', null, 'This is not an evidence bundle: it does not begin with a zip entry.');
  refuseDifference(buffer, encodeArchive(files), files);
  return files;
}

function refuseTooMany({ size }: ArchiveFiles): void {
  if (size > MAX_ENTRIES) throw new ArchiveError('archive_too_large', null, `A bundle holds at most ${MAX_ENTRIES} files.`);
}

function readEntry(buffer: Buffer, offset: number, before: string | null): { path: string; content: Uint8Array; end: number } {
  const nameLength = buffer.readUInt16LE(offset + 26);
  const size = buffer.readUInt32LE(offset + 22);
  const start = offset + LOCAL_HEADER_BYTES + nameLength;
  const path = buffer.toString('latin1', offset + LOCAL_HEADER_BYTES, start);
  if (!PATH.test(path) || start + size > buffer.length) {
    const where = before === null ? 'the first entry' : `the entry after ${before}`;
    throw new ArchiveError('archive_structure_altered', PATH.test(path) ? path : null, `The header of ${where} was altered.`);
  }
  const content = buffer.subarray(start, start + size);
  if (crc32(content) !== buffer.readUInt32LE(offset + 14)) {
    throw new ArchiveError('archive_entry_altered', path, `${path} was altered: its content does not fit the checksum in the archive.`);
  }
  return { path, content, end: start + size };
}

/** Everything that is not content (headers, directory, end record) must be byte for byte what the writer writes. */
function refuseDifference(actual: Buffer, expected: Uint8Array, files: ArchiveFiles): void {
  if (actual.equals(expected)) return;
  const last = [...files.keys()].at(-1) ?? null;
  let offset = 0;
  while (offset < expected.length && actual[offset] === expected[offset]) offset += 1;
  throw new ArchiveError('archive_structure_altered', fileAt(offset, files) ?? last, `The archive's own structure was altered at byte ${offset}, at or after ${fileAt(offset, files) ?? last}.`);
}

function fileAt(offset: number, files: ArchiveFiles): string | null {
  let end = 0;
  for (const path of [...files.keys()].sort()) {
    end += LOCAL_HEADER_BYTES + path.length + files.get(path)!.length;
    if (offset < end) return path;
  }
  return null;
}

function entryHeader(signature: typeof LOCAL_HEADER | typeof CENTRAL_HEADER, path: string, content: Uint8Array, localOffset: number | null): Buffer {
  const central = signature === CENTRAL_HEADER;
  const header = Buffer.alloc(central ? 46 : LOCAL_HEADER_BYTES);
  let at = header.writeUInt32LE(signature, 0);
  if (central) at = header.writeUInt16LE(VERSION_NEEDED, at); // made by
  at = header.writeUInt16LE(VERSION_NEEDED, at);
  at = header.writeUInt16LE(0, at); // flags
  at = header.writeUInt16LE(0, at); // stored
  at = header.writeUInt16LE(0, at); // time
  at = header.writeUInt16LE(DOS_DATE_1980_01_01, at);
  at = header.writeUInt32LE(crc32(content), at);
  at = header.writeUInt32LE(content.length, at);
  at = header.writeUInt32LE(content.length, at);
  at = header.writeUInt16LE(path.length, at);
  if (central) header.writeUInt32LE(localOffset!, 42); // extra, comment, disk and attributes stay zero
  return Buffer.concat([header, Buffer.from(path, 'latin1')]);
}

function endRecord(entries: number, centralBytes: number, centralOffset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END_OF_CENTRAL, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(centralBytes, 12);
  end.writeUInt32LE(centralOffset, 16);
  return end;
}
