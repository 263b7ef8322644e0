import { entryHash, FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { DeliverAnswer, DeliverRequest } from '@countersign/contracts/agent/protocol.ts';

/** What the protocol asks of a cell that entries are delivered to, in memory: a stand-in for the cell's own. */
export class MemoryInbox {
  readonly entries: SpoolEntry[] = [];
  #hash = FIRST_PREV_HASH;

  /** @returns the answer, or the code of the refusal */
  take({ epoch, first_seq, prev_hash, entries }: DeliverRequest): DeliverAnswer | 'spool_gap' | 'spool_forked' {
    const head = this.entries.length;
    if (first_seq > head + 1) return 'spool_gap';
    let before = prev_hash;
    if (first_seq > 1 && this.entries[first_seq - 2]!.hash !== prev_hash) return 'spool_forked';
    for (const entry of entries) {
      if (entryHash(epoch, before, entry) !== entry.hash) return 'spool_forked';
      const known = this.entries[entry.seq - 1];
      if (known !== undefined && known.hash !== entry.hash) return 'spool_forked';
      if (known === undefined) {
        this.entries.push(entry);
        this.#hash = entry.hash;
      }
      before = entry.hash;
    }
    return { acked_seq: this.entries.length, hash: this.#hash };
  }
}
