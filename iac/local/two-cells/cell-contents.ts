import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { dumpRows } from './repository-dump.ts';

/** Everything that a cell keeps, by where it is: rows, objects and their names, logs (the queue's stand-in logs each message). */
export type CellContents = ReadonlyMap<string, Buffer>;

export interface Found {
  readonly place: string;
  readonly needle: string;
}

/** The sandbox is not part of the cell: it stands for the customer's ServiceNow. */
const NOT_OURS = /servicenow-sandbox/;

/** @param adminUrl the superuser's, of the cell's database */
export async function contentsOf(dataDir: string, adminUrl: string): Promise<CellContents> {
  const contents = new Map<string, Buffer>();
  for (const [table, rows] of await dumpRows(adminUrl)) contents.set(`rows ${table}`, Buffer.from(rows));
  for (const [kind, folder] of [['object', 'objects'], ['log', 'logs']] as const) {
    for (const entry of await readdir(path.join(dataDir, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || NOT_OURS.test(entry.name)) continue;
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(dataDir, file);
      // The name counts: ids stand in it.
      contents.set(`${kind} ${name}`, Buffer.concat([Buffer.from(`${name}\n`), await readFile(file)]));
    }
  }
  return contents;
}

/** Where any of `needles` stands: as it is, or in base64 at any offset, or in hex. */
export function search(contents: CellContents, needles: readonly string[]): Found[] {
  const forms = needles.flatMap((needle) => spellings(needle).map((bytes) => ({ needle, bytes })));
  return [...contents].flatMap(([place, bytes]) => forms.filter((form) => bytes.includes(form.bytes)).map(({ needle }) => ({ place, needle })));
}

function spellings(needle: string): Buffer[] {
  const bytes = Buffer.from(needle);
  // What base64 makes of the bytes in the middle is the same wherever they begin, three ways; the edges depend on their neighbours.
  const base64 = [0, 1, 2].map((offset) => Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').slice(offset === 0 ? 0 : 4, -4));
  return [bytes, Buffer.from(bytes.toString('hex')), ...base64.filter((text) => text.length >= 8).map((text) => Buffer.from(text))];
}
