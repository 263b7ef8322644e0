import { hash } from 'node:crypto';
import type { ChainLink } from '@countersign/contracts/events/audit-event.ts';

export interface Head {
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
}

export interface SealedLink extends Head, ChainLink {
  /** What is hashed: the canonical JSON of the link. */
  readonly line: string;
}

/** The links that follow `head`, one per event in the order given. `bodies`: the SHA-256 of each event's body, hex. */
export function linkEvents(head: Head, bodies: readonly string[]): SealedLink[] {
  let { seq, hash: prev_hash } = head;
  return bodies.map((body_sha256) => {
    seq += 1;
    // Three members in the order of RFC 8785, whose values need no escape: canonical as it is written.
    const line = `{"body_sha256":"${body_sha256}","prev_hash":"${prev_hash}","seq":${seq}}`;
    const link: SealedLink = { seq, prev_hash, body_sha256, line, hash: hash('sha256', line, 'hex') };
    prev_hash = link.hash;
    return link;
  });
}
