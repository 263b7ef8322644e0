import { hash } from 'node:crypto';
import type { ChainLink } from '@countersign/contracts/events/audit-event.ts';
import { canonicalText } from '../canonical-json/canonicalize.ts';

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export interface SealedLink extends Head {
  readonly id: string;
  readonly prev_hash: string;
  readonly line: string;
}

/** The links that follow `head`, one per event in the order given. */
export function linkEvents(head: Head, events: ReadonlyArray<{ readonly id: string; readonly body: string }>): SealedLink[] {
  let { seq, hash: prev_hash } = head;
  return events.map(({ id, body }) => {
    seq += 1;
    const link: ChainLink = { seq, prev_hash, body_sha256: hash('sha256', body, 'hex') };
    const line = canonicalText(link);
    const sealed: SealedLink = { id, seq, prev_hash, line, hash: hash('sha256', line, 'hex') };
    prev_hash = sealed.hash;
    return sealed;
  });
}
