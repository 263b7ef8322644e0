import { appendAudit } from '@countersign/platform/audit/append.ts';
import { consistencyProof } from '@countersign/platform/audit/tree-reader.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { BoundFetch } from '../../outbound/bound-fetch.ts';
import type { CheckpointPace } from '../checkpoints.ts';
import { askWitness } from './ask-witness.ts';
import type { WitnessAnswer } from './ask-witness.ts';
import { dueCosignatures, putOffCosignature, storeCosignature } from './repository-witnesses.ts';
import type { DueCosignature } from './repository-witnesses.ts';

export interface CosigningParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetchTo: (url: string) => BoundFetch;
  readonly pace: Pick<CheckpointPace, 'lock_days'>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Shows the newest checkpoints of the tenant to its witnesses. What one of them does is not the others'. Gives how many were countersigned. */
export async function cosignCheckpoints(tenantId: string, parts: CosigningParts): Promise<number> {
  let cosigned = 0;
  for (const due of await parts.database.forTenant(tenantId, (tx) => dueCosignatures(tx, tenantId))) {
    const answer = await show(tenantId, due, parts).catch((error: unknown) => error as Error);
    cosigned += await keep(tenantId, due, answer, parts);
  }
  return cosigned;
}

async function show(tenantId: string, due: DueCosignature, parts: CosigningParts): Promise<WitnessAnswer> {
  const bound = parts.fetchTo(due.url);
  try {
    const ask = async (old: number): Promise<WitnessAnswer> => askWitness(bound.fetch, due, due.note, old, await proofFrom(tenantId, due, old, parts.database));
    const answer = await ask(Math.min(Number(due.seen), Number(due.size)));
    // It knows better what it has seen: once, with what it says. A size beyond ours is a history that we do not have.
    return answer.kind === 'behind' && answer.size <= Number(due.size) ? await ask(answer.size) : answer;
  } finally {
    await bound.close();
  }
}

async function proofFrom(tenantId: string, { chain, size }: DueCosignature, old: number, database: Database): Promise<readonly Uint8Array[]> {
  if (old === 0) return [];
  return (await database.forTenant(tenantId, (tx) => consistencyProof(tx, tenantId, chain, old, Number(size)))).hashes;
}

async function keep(tenantId: string, due: DueCosignature, answer: WitnessAnswer | Error, { database, objects, clock, log, pace }: CosigningParts): Promise<number> {
  if (!(answer instanceof Error) && answer.kind === 'cosigned') {
    // Its time is in the name: a crash after the object and before its row leads to a second cosignature of the same checkpoint.
    const key = `${due.object_key}.cosigned.${due.witness_id}.${Math.floor(answer.at.getTime() / 1_000)}`;
    await objects.put(key, Buffer.from(due.note + answer.line), pace.lock_days === 0 ? {} : { retainUntil: new Date(clock.now().getTime() + pace.lock_days * DAY_MS) });
    await database.forTenant(tenantId, (tx) => storeCosignature(tx, tenantId, due, answer.line, answer.at));
    return 1;
  }
  const refused = !(answer instanceof Error);
  const said = answer instanceof Error ? `It could not be asked: ${answer.message}` : answer.kind === 'behind' ? `It has seen ${answer.size} events of this log, and there are ${due.size}.` : `It refused (${answer.status}): ${answer.why}`;
  await database.forTenant(tenantId, async (tx) => {
    await putOffCosignature(tx, tenantId, due, Math.min(HOUR_MS, 1_000 * 2 ** Math.min(due.attempts, 12)), said.slice(0, 500), refused);
    if (refused && !due.was_refused) await alarm(tx, tenantId, due, clock.now());
  });
  if (refused) log.error({ tenant_id: tenantId, witness_id: due.witness_id, chain: due.chain, said }, 'a witness refused a checkpoint: see docs/runbooks/the-witness-refuses.md');
  else log.warn({ tenant_id: tenantId, witness_id: due.witness_id, said }, 'a witness could not be asked; it is tried again');
  return 0;
}

async function alarm(tx: Transaction, tenantId: string, { chain, witness_id, size }: DueCosignature, at: Date): Promise<void> {
  await appendAudit(tx, {
    at, type: 'audit.witness_refused', tenant_id: tenantId, workspace_id: chain.split('/')[1] ?? '', run_id: null, actor: { kind: 'system', id: 'witnesses' }, subject: { kind: 'witness', id: witness_id }, data: { size: Number(size) },
  });
}
