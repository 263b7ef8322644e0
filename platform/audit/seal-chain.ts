import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import type { Transaction } from '../postgres/database.ts';
import { growTree } from './grow-tree.ts';
import { linkEvents } from './link-events.ts';
import { lockChain, readPending, storeHead, storeLinks } from './repository-sealing.ts';
import { readLines } from './repository-tree.ts';
import { frontierBytes, frontierOf } from './tiles.ts';

export const SEALED_AT_ONCE = 1_000;
const CAUGHT_UP_AT_ONCE = 10_000;

/**
 * Seals pending events of one chain behind its locked head, up to 1,000, and lets its tree grow with them. A chain whose tree is behind, because it
 * was begun before there was one, is caught up first. Gives how many events were sealed or caught up with.
 */
export async function sealChain(tx: Transaction, tenantId: string, chain: string): Promise<number> {
  const head = await lockChain(tx, tenantId, chain, FIRST_PREV_HASH);
  const [seq, treeSize] = [Number(head.seq), Number(head.tree_size)];
  const tree = frontierOf(treeSize, head.frontier);
  if (treeSize < seq) {
    const lines = await readLines(tx, tenantId, chain, treeSize, Math.min(seq, treeSize + CAUGHT_UP_AT_ONCE));
    const grown = await growTree(tx, tenantId, chain, tree, lines);
    await storeHead(tx, tenantId, chain, { seq, hash: head.hash, treeSize: grown.size, frontier: frontierBytes(grown) });
    return lines.length;
  }
  const links = linkEvents({ seq, hash: head.hash }, await readPending(tx, tenantId, chain, SEALED_AT_ONCE));
  const last = links.at(-1);
  if (last === undefined) return 0;
  await storeLinks(tx, tenantId, links);
  const grown = await growTree(tx, tenantId, chain, tree, links.map(({ line }) => line));
  await storeHead(tx, tenantId, chain, { seq: last.seq, hash: last.hash, treeSize: grown.size, frontier: frontierBytes(grown) });
  return links.length;
}
