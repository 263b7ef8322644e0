import type { DatabaseSync } from 'node:sqlite';
import { entryHash } from '@countersign/contracts/agent/spool-entry.ts';
import type { EntryBodies, EntryKind } from '@countersign/contracts/agent/spool-entry.ts';
import { SpoolError } from './errors.ts';
import type { Head } from './head.ts';
import { unseal } from './sealing.ts';
import type { EntryRow } from './spool.ts';

/**
 * Reads all that is not delivered from its bytes: the pages are whole, no number is missing, every entry opens with the key and has the hash that
 * the one after it names, and the last is where the spool says that it ends.
 *
 * @throws SpoolError `spool_damaged`, with the number of the first entry that is wrong
 */
export function checkChain(database: DatabaseSync, key: Uint8Array, head: Head): void {
  const [pages] = database.prepare('PRAGMA quick_check(1)').all() as Array<{ quick_check: string }>;
  if (pages?.quick_check !== 'ok') throw damaged(`its pages: ${pages?.quick_check}`);
  let before = head.delivered;
  const rows = database.prepare('SELECT seq, kind, occurred_at, clock_offset_ms, sealed, hash FROM entries WHERE seq > ? ORDER BY seq').iterate(before.seq) as unknown as Iterable<EntryRow>;
  for (const { seq, kind, occurred_at, clock_offset_ms, sealed, hash } of rows) {
    if (seq !== before.seq + 1) throw damaged(`entry ${before.seq + 1} is missing`);
    const body = JSON.parse(unseal(key, `entry ${head.epoch}/${seq}`, sealed)) as EntryBodies[EntryKind];
    if (entryHash(head.epoch, before.hash, { seq, kind, occurred_at, clock_offset_ms, body }) !== hash) throw damaged(`entry ${seq} is not the one that was written`);
    before = { seq, hash };
  }
  if (before.seq !== head.last.seq || before.hash !== head.last.hash) throw damaged(`it ends with entry ${before.seq}, and ${head.last.seq} was written`);
}

function damaged(what: string): SpoolError {
  return new SpoolError('spool_damaged', `The spool is damaged: ${what}. Nothing was deleted. Keep the folder, look at what the cell has of this agent, and enrol again with an empty one.`);
}
