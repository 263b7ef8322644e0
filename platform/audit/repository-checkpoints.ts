import type { Statement, Transaction } from '../postgres/database.ts';

const lockHead: Statement = { name: 'audit.lock_signed_head', text: 'SELECT 1 AS locked FROM audit.chain_heads WHERE tenant_id = $1 AND chain = $2 FOR UPDATE' };

const newestCheckpoint: Statement = {
  name: 'audit.newest_checkpoint',
  text: 'SELECT number FROM audit.checkpoints WHERE tenant_id = $1 AND chain = $2 ORDER BY number DESC LIMIT 1',
};

const insertCheckpoint: Statement = {
  name: 'audit.insert_checkpoint',
  text: `INSERT INTO audit.checkpoints (tenant_id, chain, number, seq, id, format, hash, root, previous_checkpoint_sha256, body, note, signature, kid, object_key)
         VALUES ($1, $2, $3, $4, $5, 'v2', $6, $7, $8, $9, $10, $11, $12, $13)`,
};

export interface NewCheckpoint {
  readonly chain: string;
  /** 1, 2, ... of its chain. */
  readonly number: number;
  readonly seq: number;
  readonly id: string;
  readonly hash: string;
  readonly root: Uint8Array;
  /** Null for the first. */
  readonly previousSha256: string | null;
  readonly body: string;
  readonly note: string;
  /** base64url. */
  readonly signature: string;
  readonly kid: string;
  readonly objectKey: string;
}

/** Records a checkpoint behind the one before it; false when somebody else has put another there meanwhile. */
export async function storeCheckpoint(tx: Transaction, tenantId: string, checkpoint: NewCheckpoint): Promise<boolean> {
  const { chain, number } = checkpoint;
  // Under the head's lock, so that of two control planes only one goes on from the checkpoint before.
  await tx.one(lockHead, [tenantId, chain]);
  const newest = Number((await tx.maybeOne<{ number: string }>(newestCheckpoint, [tenantId, chain]))?.number ?? 0);
  if (newest !== number - 1) return false;
  await tx.change(insertCheckpoint, [
    tenantId, chain, number, checkpoint.seq, checkpoint.id, checkpoint.hash, checkpoint.root, checkpoint.previousSha256, checkpoint.body, checkpoint.note,
    checkpoint.signature, checkpoint.kid, checkpoint.objectKey,
  ]);
  return true;
}
