import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import { SEAL_PURPOSES } from '@countersign/platform/keys/keys.ts';
import type { SealPurpose } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { homeWorkspace } from '../tenancy/home-workspace.ts';
import { shredKeys, sealedUnderTheFile } from './repository-data-keys.ts';
import { SEALED_COLUMNS, SEALED_IN_EXECUTION } from './sealed-columns.ts';

export interface ShreddingParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly clock: Clock;
}

export type ShreddingErrorCode = 'sealed_under_the_key_file';

/** A tenant's keys cannot be destroyed so that nothing can be opened any more. */
export class ShreddingError extends Error {
  override readonly name = 'ShreddingError';
  readonly code: ShreddingErrorCode;

  constructor(code: ShreddingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Destroys the keys that a tenant's content was sealed with, for good: here at once, in other processes within a minute, and in every backup
 * of the database that holds the wrapped keys no longer. The rows stay and prove it. Gives how many keys were destroyed.
 *
 * @throws ShreddingError while something is still sealed under the key file itself, which can derive its key again
 */
export async function shredTenant(tenantId: string, actor: AuditEvent['actor'], { database, keys, clock }: ShreddingParts, purposes: readonly SealPurpose[] = SEAL_PURPOSES): Promise<number> {
  const shredded = await database.forTenant(tenantId, async (tx) => {
    await refuseWhileUnderTheFile(tx, tenantId, purposes);
    const gone = await tx.rows<{ id: string; purpose: string; generation: number }>(shredKeys, [tenantId, [...purposes]]);
    const event = { at: clock.now(), tenant_id: tenantId, workspace_id: await homeWorkspace(tx, tenantId), run_id: null, actor } as const;
    for (const { id, purpose, generation } of gone) await appendAudit(tx, { ...event, type: 'data_key.shredded', subject: { kind: 'data_key', id }, data: { purpose, generation } });
    await appendAudit(tx, { ...event, type: 'tenant.shredded', subject: { kind: 'tenant', id: tenantId }, data: { purposes: [...purposes], count: gone.length } });
    return gone.length;
  });
  keys.forget(tenantId);
  return shredded;
}

async function refuseWhileUnderTheFile(tx: Transaction, tenantId: string, purposes: readonly SealPurpose[]): Promise<void> {
  const left: string[] = [];
  for (const column of [...SEALED_COLUMNS, ...SEALED_IN_EXECUTION].filter(({ purpose }) => purposes.includes(purpose))) {
    const { is_left } = await tx.one<{ is_left: boolean }>(sealedUnderTheFile(column), [tenantId]);
    if (is_left) left.push(`${column.table}.${column.column}`);
  }
  if (left.length > 0) throw new ShreddingError('sealed_under_the_key_file', `Not everything was sealed anew since keys are random: ${left.join(', ')}. Rotate the data keys, wait until they are sealed anew, and ask again.`);
}
