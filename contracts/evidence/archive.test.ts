import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ArchiveError, decodeArchive, encodeArchive } from './archive.ts';

const files = new Map<string, Uint8Array>([
  ['manifest.json', Buffer.from('{"format":"x"}')],
  ['audit.jsonl', Buffer.from('{"seq":1}\n{"seq":2}\n')],
  ['empty.txt', new Uint8Array()],
]);

it('gives the same bytes for the same files, whatever their order', () => {
  const reversed = new Map([...files].reverse());
  expect(Buffer.from(encodeArchive(reversed))).toEqual(Buffer.from(encodeArchive(files)));
});

it('gives back what it was given', () => {
  const decoded = decodeArchive(encodeArchive(files));
  expect([...decoded.keys()]).toEqual(['audit.jsonl', 'empty.txt', 'manifest.json']);
  for (const [name, content] of files) expect(Buffer.from(decoded.get(name)!)).toEqual(Buffer.from(content));
});

it('is a zip that a program not of ours reads', () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'archive-')), 'a.zip');
  writeFileSync(file, encodeArchive(files));
  const listed = execFileSync('python3', ['-c', 'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;print(",".join(z.namelist()))', file], { encoding: 'utf8' });
  expect(listed.trim()).toBe('audit.jsonl,empty.txt,manifest.json');
});

it('refuses every single flipped bit', () => {
  const good = encodeArchive(files);
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const altered = Uint8Array.from(good);
    altered[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => decodeArchive(altered), `bit ${bit}`).toThrow(ArchiveError);
  }
});

it('refuses truncation at every length, and anything appended', () => {
  const good = encodeArchive(files);
  for (let length = 0; length < good.length; length += 1) expect(() => decodeArchive(good.subarray(0, length))).toThrow(ArchiveError);
  expect(() => decodeArchive(Buffer.concat([good, Buffer.from([0])]))).toThrow(ArchiveError);
});

it('names the file whose content was altered', () => {
  const good = Buffer.from(encodeArchive(files));
  good[good.indexOf('"seq":2')] = 0x20;
  expect(() => decodeArchive(good)).toThrow(expect.objectContaining({ code: 'archive_entry_altered', file: 'audit.jsonl' }) as Error);
});

it('refuses paths that could leave the folder they are unpacked to', () => {
  for (const bad of ['../x', '/x', 'a//b', 'A', 'a\\b', '']) {
    expect(() => encodeArchive(new Map([[bad, new Uint8Array()]]))).toThrow(expect.objectContaining({ code: 'archive_path_invalid' }) as Error);
  }
});

it('holds as many files as its directory can count, and refuses more', () => {
  const entryOf = (name: string): Uint8Array => encodeArchive(new Map([[name, new Uint8Array()]])).subarray(0, 30 + name.length);
  const one = Buffer.from(entryOf('00000'));
  const many = Buffer.concat(Array.from({ length: 65_536 }, (_, index) => {
    const entry = Buffer.from(one);
    entry.write(index.toString(16).padStart(5, '0'), 30, 'latin1');
    return entry;
  }));
  expect(() => decodeArchive(many)).toThrow(expect.objectContaining({ code: 'archive_too_large' }) as Error);
  expect(() => encodeArchive(new Map(Array.from({ length: 65_536 }, (_, index) => [`f${index}`, new Uint8Array()])))).toThrow(expect.objectContaining({ code: 'archive_too_large' }) as Error);
});
