import { hash } from 'node:crypto';
import type { CheckpointBody } from '@countersign/contracts/events/audit-event.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { insertCheckpoint, lockHead, uncoveredChains } from './queries.ts';
import type { UncoveredChain } from './queries.ts';

export interface CheckpointParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
}

/**
 * Signs the head of every chain of the tenant that has grown since its last checkpoint, and puts it in the object store: a chain
 * whose tail was cut is found out by a head that left the database. Gives how many were signed.
 */
export async function signCheckpoints(tenantId: string, parts: CheckpointParts): Promise<number> {
  const chains = await parts.database.forTenant(tenantId, (tx) => tx.rows<UncoveredChain>(uncoveredChains, [tenantId]));
  for (const chain of chains) await signHead(tenantId, chain, parts);
  return chains.length;
}

async function signHead(tenantId: string, head: UncoveredChain, parts: CheckpointParts): Promise<void> {
  const key = await parts.keys.signingKey(tenantId, 'checkpoint');
  const signedAt = parts.clock.now();
  const body: CheckpointBody = {
    format: 'countersign.dev/checkpoint/v1', chain: head.chain, seq: Number(head.seq), hash: head.hash,
    previous_checkpoint_sha256: head.previous_body === null ? null : hash('sha256', head.previous_body, 'hex'),
    signed_at: signedAt.toISOString(),
  };
  const text = canonicalText(body);
  const signature = Buffer.from(await key.sign(Buffer.from(text))).toString('base64url');
  const id = newId('checkpoint');
  // The id is in the name because a crash after the object and before its row leads to a second note about the same head.
  const objectKey = `checkpoints/${head.chain.replaceAll('/', '.')}/${head.seq}.${id}.json`;
  await parts.objects.put(objectKey, Buffer.from(canonicalText({ body, kid: key.kid, signature })));
  await parts.database.forTenant(tenantId, (tx) => record(tx, tenantId, head, [id, body, text, signature, key.kid, objectKey, signedAt]));
}

async function record(tx: Transaction, tenantId: string, head: UncoveredChain, [id, body, text, signature, kid, objectKey, signedAt]: [string, CheckpointBody, string, string, string, string, Date]): Promise<void> {
  // Under the head's lock, so that of two control planes only one goes on from this checkpoint.
  await tx.one(lockHead, [tenantId, head.chain]);
  const still = (await tx.rows<UncoveredChain>(uncoveredChains, [tenantId])).find((chain) => chain.chain === head.chain);
  if (still?.previous_body !== head.previous_body) return;
  await tx.change(insertCheckpoint, [tenantId, head.chain, head.seq, id, body.hash, body.previous_checkpoint_sha256, text, signature, kid, objectKey, signedAt]);
}
