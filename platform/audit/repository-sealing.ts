import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import type { Statement, Transaction } from '../postgres/database.ts';

/** Two control planes of one cell do not seal for one tenant at the same time: the second finds this taken and goes on with another. */
const trySealing: Statement = {
  name: 'audit.try_sealing',
  text: `
    SELECT pg_try_advisory_xact_lock(hashtextextended('countersign.sequencer/' || $1, 0)) AS mine,
           EXISTS (SELECT FROM audit.chain_heads WHERE tenant_id = $1 AND tree_size < seq) AS "isBehind"`,
};

/**
 * The oldest pending rows with about $2 events, by chain, with the chain's head. What is pending is what stands in the list, not what is newer: an
 * event whose transaction commits late is sealed in the next batch, never left out.
 */
const pendingByChain: Statement = {
  name: 'audit.pending_by_chain',
  text: `
    WITH oldest AS (
      SELECT p.no, p.chain, p.bodies_sha256, sum(octet_length(p.bodies_sha256) / 32) OVER (ORDER BY p.no) - octet_length(p.bodies_sha256) / 32 AS before
        FROM (SELECT no, chain, bodies_sha256 FROM audit.pending WHERE tenant_id = $1 ORDER BY no LIMIT $2) p),
    next AS (
      SELECT chain, array_agg(no ORDER BY no) AS nos, string_agg(bodies_sha256, '' ORDER BY no) AS bodies_sha256 FROM oldest WHERE before < $2 GROUP BY chain)
    SELECT n.chain, n.nos, n.bodies_sha256, coalesce(h.seq, 0)::float8 AS seq, coalesce(h.hash, $3) AS hash, coalesce(h.frontier, '') AS frontier
      FROM next n LEFT JOIN audit.chain_heads h ON h.tenant_id = $1 AND h.chain = n.chain
     ORDER BY n.chain COLLATE "C"`,
};

const seal: Statement = { name: 'audit.seal', text: 'SELECT audit.seal($1, $2, $3, $4, $5, $6, $7, $8)::int AS sealed' };

const chainBehind: Statement = {
  name: 'audit.chain_behind',
  text: 'SELECT chain, seq::float8 AS seq, tree_size::float8 AS "treeSize", frontier FROM audit.chain_heads WHERE tenant_id = $1 AND tree_size < seq ORDER BY chain LIMIT 1 FOR UPDATE',
};

const growHead: Statement = { name: 'audit.grow_head', text: 'UPDATE audit.chain_heads SET tree_size = $3, frontier = $4 WHERE tenant_id = $1 AND chain = $2' };

/** What is pending of a chain, and the head behind which it is sealed. */
export interface PendingChain {
  readonly chain: string;
  /** Of the rows of `audit.pending`. */
  readonly nos: readonly string[];
  /** 32 bytes per event, in the order in which they are to be sealed. */
  readonly bodies_sha256: Buffer;
  readonly seq: number;
  readonly hash: string;
  readonly frontier: Buffer;
}

/** What is sealed of a chain. */
export interface SealedChain {
  readonly chain: string;
  readonly nos: readonly string[];
  /** 96 bytes per event: body_sha256, prev_hash, hash. */
  readonly digests: Buffer;
  /** Of the head before. */
  readonly seq: number;
  readonly newSeq: number;
  readonly hash: string;
  readonly frontier: Buffer;
}

/** Takes the sealing of the tenant's events until the end of the transaction, unless somebody else has it; and whether a tree is behind its chain. */
export function takeSealing(tx: Transaction, tenantId: string): Promise<{ mine: boolean; isBehind: boolean }> {
  return tx.one(trySealing, [tenantId]);
}

/** In the order in which `storeSealed` wants them: by the bytes of their chains. */
export function readPending(tx: Transaction, tenantId: string, limit: number): Promise<PendingChain[]> {
  return tx.rows(pendingByChain, [tenantId, limit, FIRST_PREV_HASH]);
}

/** Gives how many events were sealed. */
export async function storeSealed(tx: Transaction, tenantId: string, chains: readonly SealedChain[]): Promise<number> {
  return (await tx.one<{ sealed: number }>(seal, [
    tenantId, chains.flatMap(({ nos }) => nos), Buffer.concat(chains.map(({ digests }) => digests)), chains.map(({ chain }) => chain), chains.map(({ seq }) => seq),
    chains.map(({ newSeq }) => newSeq), chains.map(({ hash }) => hash), chains.map(({ frontier }) => frontier),
  ])).sealed;
}

/** A chain whose tree is behind, because it was begun before there was one. Its head is locked. */
export function lockChainBehind(tx: Transaction, tenantId: string): Promise<{ chain: string; seq: number; treeSize: number; frontier: Buffer } | undefined> {
  return tx.maybeOne(chainBehind, [tenantId]);
}

export async function storeTree(tx: Transaction, tenantId: string, chain: string, tree: { size: number; frontier: Uint8Array }): Promise<void> {
  await tx.change(growHead, [tenantId, chain, tree.size, tree.frontier]);
}
