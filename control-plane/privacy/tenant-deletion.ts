import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { isId } from '@countersign/platform/ids/typeid.ts';
import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { shredTenant, ShreddingError } from '../keyring/shredding.ts';
import { homeWorkspace } from '../tenancy/home-workspace.ts';
import { anyHold, setDeleting, tenantState } from './repository-deletion.ts';

export interface TenantDeletionParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly clock: Clock;
}

const OPERATOR = { kind: 'system', id: 'cell-operator' } as const;

/** Ends a tenant for good, for whoever operates the cell: what is sealed cannot be opened any more, by nobody, from here on. */
export class TenantDeletion {
  readonly #parts: TenantDeletionParts;

  constructor(parts: TenantDeletionParts) {
    this.#parts = parts;
  }

  /** May be asked again where it broke off. */
  async deleteTenant({ path: { tenant_id: tenantId }, body }: Call<'deleteTenant'>): Promise<Answer<'deleteTenant'>> {
    const { database, clock } = this.#parts;
    if (!isId('tenant', tenantId)) throw noSuchTenant();
    const state = (await database.forNoTenant((tx) => tx.maybeOne<{ state: string }>(tenantState, [tenantId])))?.state;
    if (state === undefined || state === 'deleted') throw noSuchTenant();
    if (state !== 'suspended' && state !== 'deleting') throw new ApiError('request_invalid', `The tenant is ${state}. Suspend it first (PATCH, state: suspended), so that nothing of it runs.`);
    const reason_digest = digestOf(body.reason);
    await database.forTenant(tenantId, async (tx) => {
      if (await tx.maybeOne(anyHold, [tenantId]) !== undefined) throw new ApiError('legal_hold_active', 'A legal hold covers something of the tenant. It must be released first.');
      if (await tx.change(setDeleting, [tenantId]) === 0) return;
      await appendAudit(tx, {
        at: clock.now(), type: 'tenant.deleted', tenant_id: tenantId, workspace_id: await homeWorkspace(tx, tenantId), run_id: null, actor: OPERATOR, subject: { kind: 'tenant', id: tenantId }, data: { reason_digest },
      });
    });
    const keys_destroyed = await this.#shred(tenantId);
    return { status: 200, body: { tenant_id: tenantId, state: 'deleting', keys_destroyed } };
  }

  async #shred(tenantId: string): Promise<number> {
    try {
      return await shredTenant(tenantId, OPERATOR, this.#parts);
    } catch (error) {
      if (error instanceof ShreddingError) throw new ApiError('request_invalid', error.message, { cause: error });
      throw error;
    }
  }
}

function noSuchTenant(): ApiError {
  return new ApiError('not_found', 'There is no such tenant in this cell.');
}
