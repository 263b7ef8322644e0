import { EMPTY_FRONTIER } from '@countersign/contracts/transparency/merkle.ts';
import type { Transaction } from '../postgres/database.ts';
import { growTrees } from './grow-trees.ts';
import { linkEvents } from './link-events.ts';
import type { SealedLink } from './link-events.ts';
import { lockChainBehind, readPending, storeSealed, storeTree, takeSealing } from './repository-sealing.ts';
import { readLines } from './repository-tree.ts';
import { frontierBytes, frontierOf } from './tiles.ts';

/** About so many, and at least what one append wrote. */
export const SEALED_AT_ONCE = 2_000;
const CAUGHT_UP_AT_ONCE = 10_000;
const DIGEST_BYTES = 32;

/**
 * Seals the oldest pending events of the tenant, about 2,000 of all its chains together, each chain behind its head, and lets their trees grow with
 * them. A chain whose tree is behind, because it was begun before there was one, is caught up first. Gives how many events were sealed or caught up
 * with: 0 also while another process seals for this tenant.
 */
export async function sealPending(tx: Transaction, tenantId: string): Promise<number> {
  const { mine, isBehind } = await takeSealing(tx, tenantId);
  if (!mine) return 0;
  if (isBehind) return catchUp(tx, tenantId);
  const pending = await readPending(tx, tenantId, SEALED_AT_ONCE);
  if (pending.length === 0) return 0;
  const linked = pending.map((chain) => ({ ...chain, links: linkEvents(chain, hexDigests(chain.bodies_sha256)) }));
  const trees = await growTrees(tx, tenantId, linked.map(({ chain, seq, frontier, links }) => ({ chain, tree: frontierOf(seq, frontier), lines: links.map(({ line }) => line) })));
  return storeSealed(tx, tenantId, linked.map(({ chain, nos, seq, hash, links }, at) => {
    const tree = trees[at] ?? EMPTY_FRONTIER;
    return { chain, nos, digests: digestsOf(links), seq, newSeq: tree.size, hash: links.at(-1)?.hash ?? hash, frontier: frontierBytes(tree) };
  }));
}

function hexDigests(bytes: Buffer): string[] {
  return Array.from({ length: bytes.byteLength / DIGEST_BYTES }, (_, at) => bytes.toString('hex', at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES));
}

function digestsOf(links: readonly SealedLink[]): Buffer {
  return Buffer.from(links.map(({ body_sha256, prev_hash, hash }) => body_sha256 + prev_hash + hash).join(''), 'hex');
}

async function catchUp(tx: Transaction, tenantId: string): Promise<number> {
  const head = await lockChainBehind(tx, tenantId);
  if (head === undefined) return 0;
  const { chain, seq, treeSize, frontier } = head;
  const lines = (await readLines(tx, tenantId, [{ chain, after: treeSize, upTo: Math.min(seq, treeSize + CAUGHT_UP_AT_ONCE) }])).map(({ line }) => line);
  const [grown = EMPTY_FRONTIER] = await growTrees(tx, tenantId, [{ chain, tree: frontierOf(treeSize, frontier), lines }]);
  await storeTree(tx, tenantId, chain, { size: grown.size, frontier: frontierBytes(grown) });
  return lines.length;
}
