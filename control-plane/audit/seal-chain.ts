import { hash } from 'node:crypto';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import type { ChainLink } from '@countersign/contracts/events/audit-event.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { beginChain, lockHead, moveHead, pendingEvents, sealEvents } from './queries.ts';

const BATCH = 200;

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export interface SealedLink extends Head {
  readonly id: string;
  readonly prev_hash: string;
  readonly line: string;
}

/** Seals up to 200 pending events of one chain behind its locked head. Gives how many were sealed. */
export async function sealChain(tx: Transaction, tenantId: string, chain: string): Promise<number> {
  await tx.change(beginChain, [tenantId, chain, FIRST_PREV_HASH]);
  const head = await tx.one<{ seq: string; hash: string }>(lockHead, [tenantId, chain]);
  const pending = await tx.rows<{ id: string; body: string }>(pendingEvents, [tenantId, chain, BATCH]);
  const links = linkEvents({ seq: Number(head.seq), hash: head.hash }, pending);
  const last = links.at(-1);
  if (last === undefined) return 0;
  await tx.change(sealEvents, [
    tenantId, links.map((link) => link.id), links.map((link) => link.seq), links.map((link) => link.prev_hash), links.map((link) => link.hash), links.map((link) => link.line),
  ]);
  await tx.change(moveHead, [tenantId, chain, last.seq, last.hash]);
  return links.length;
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
