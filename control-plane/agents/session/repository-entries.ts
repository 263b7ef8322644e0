import { FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** Up to where the cell holds what an agent has to tell. */
export interface SpoolHead {
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
}

/** Deliveries of one agent come one after the other, its first included. */
const lockAgent: Statement = { name: 'agents.lock', text: 'SELECT id FROM control.agents WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE' };

const findHead: Statement = { name: 'agents.spool_head', text: 'SELECT epoch, seq::float8 AS seq, hash FROM control.agent_spools WHERE tenant_id = $1 AND agent_id = $2' };

const beginSpool: Statement = { name: 'agents.begin_spool', text: 'INSERT INTO control.agent_spools (tenant_id, agent_id, epoch, seq, hash) VALUES ($1, $2, $3, 0, $4)' };

/** The head of the agent's spool, for this transaction alone to move. An agent has one spool all its life: the first delivery says which. */
export async function lockHead(tx: Transaction, tenantId: string, agentId: string, epoch: string): Promise<SpoolHead> {
  await tx.one(lockAgent, [tenantId, agentId]);
  const head = await tx.maybeOne<SpoolHead>(findHead, [tenantId, agentId]);
  if (head !== undefined) return head;
  await tx.change(beginSpool, [tenantId, agentId, epoch, FIRST_PREV_HASH]);
  return { epoch, seq: 0, hash: FIRST_PREV_HASH };
}

const findHash: Statement = { name: 'agents.entry_hash', text: 'SELECT hash FROM control.agent_entries WHERE tenant_id = $1 AND agent_id = $2 AND epoch = $3 AND seq = $4' };

/** The hash of the entry `seq`, which the cell holds. */
export async function heldHash(tx: Transaction, tenantId: string, agentId: string, epoch: string, seq: number): Promise<string> {
  return (await tx.one<{ hash: string }>(findHash, [tenantId, agentId, epoch, seq])).hash;
}

const insertEntries: Statement = {
  name: 'agents.insert_entries',
  text: `
    INSERT INTO control.agent_entries (tenant_id, agent_id, epoch, seq, kind, occurred_at, clock_offset_ms, hash, sealed)
    SELECT $1, $2, $3, e.* FROM unnest($4::bigint[], $5::text[], $6::timestamptz[], $7::bigint[], $8::text[], $9::bytea[]) AS e`,
};

const moveHead: Statement = {
  name: 'agents.move_head',
  text: 'UPDATE control.agent_spools SET seq = $5, hash = $6 WHERE tenant_id = $1 AND agent_id = $2 AND epoch = $3 AND seq = $4',
};

/** Adds entries behind the head, which was locked, and moves it to the last of them. `sealed`: their bodies, in the same order. */
export async function appendEntries(tx: Transaction, { tenantId, agentId }: { readonly tenantId: string; readonly agentId: string }, head: SpoolHead, entries: readonly SpoolEntry[], sealed: readonly Uint8Array[]): Promise<SpoolHead> {
  const last = entries.at(-1);
  if (last === undefined) return head;
  await tx.change(insertEntries, [
    tenantId, agentId, head.epoch, entries.map(({ seq }) => seq), entries.map(({ kind }) => kind), entries.map(({ occurred_at }) => new Date(occurred_at)),
    entries.map(({ clock_offset_ms }) => clock_offset_ms), entries.map(({ hash }) => hash), sealed.map((bytes) => Buffer.from(bytes)),
  ]);
  await tx.change(moveHead, [tenantId, agentId, head.epoch, head.seq, last.seq, last.hash]);
  return { epoch: head.epoch, seq: last.seq, hash: last.hash };
}
