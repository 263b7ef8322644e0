import { storeCheckpoint } from '@countersign/platform/audit/repository-checkpoints.ts';
import { signHead } from '@countersign/platform/audit/sign-checkpoint.ts';
import type { HeadToSign } from '@countersign/platform/audit/sign-checkpoint.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { chainsToSign } from './queries.ts';
import type { ChainToSign } from './queries.ts';

export interface CheckpointParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
}

/** How often heads are signed. */
export interface CheckpointPace {
  /** One that has grown, after the checkpoint before. */
  readonly grown_ms: number;
  /** One that has not. */
  readonly idle_ms: number;
  /** One that somebody waits for, at most so often. */
  readonly wanted_ms: number;
  /** How long the note is locked in the object store; 0: not at all. */
  readonly lock_days: number;
}

const DAY_MS = 86_400_000;

/**
 * Signs the heads of the tenant's chains that are due, as C2SP checkpoints, and puts them in the object store: a chain whose tail was cut is found
 * out by a head that left the database. `wanted`: chains that somebody waits for. Gives the chains that were signed.
 */
export async function signCheckpoints(tenantId: string, parts: CheckpointParts, pace: CheckpointPace, wanted: readonly string[] = []): Promise<string[]> {
  const due = await parts.database.forTenant(tenantId, (tx) => tx.rows<ChainToSign>(chainsToSign, [tenantId, pace.grown_ms, pace.idle_ms, pace.wanted_ms, wanted]));
  for (const chain of due) await signOne(tenantId, chain, parts, pace);
  return due.map(({ chain }) => chain);
}

async function signOne(tenantId: string, row: ChainToSign, parts: CheckpointParts, pace: CheckpointPace): Promise<void> {
  const now = parts.clock.now();
  const head: HeadToSign = { chain: row.chain, seq: Number(row.seq), hash: row.hash, frontier: row.frontier, number: Number(row.number), previousBody: row.previous_body };
  const checkpoint = await signHead(await parts.keys.signingKey(tenantId, 'checkpoint'), head, now);
  const id = newId('checkpoint');
  const objectKey = objectKeyOf(row, id);
  await parts.objects.put(objectKey, Buffer.from(checkpoint.note), pace.lock_days === 0 ? {} : { retainUntil: new Date(now.getTime() + pace.lock_days * DAY_MS) });
  await parts.database.forTenant(tenantId, (tx) => storeCheckpoint(tx, tenantId, { ...checkpoint, id, objectKey }));
}

/** The id is in the name because a crash after the object and before its row leads to a second note about the same head. */
function objectKeyOf({ chain, seq }: ChainToSign, id: string): string {
  const [tenantId, workspaceId] = chain.split('/');
  return `t/${tenantId}/checkpoints/${workspaceId}/${seq.padStart(16, '0')}.${id}`;
}
