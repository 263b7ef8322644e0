import { PERMISSION_NAMES } from '@countersign/contracts/openapi/permissions.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';
import { givableIn, heldIn, refuseWider } from '../roles/rights.ts';
import { findWorkspace } from '../roles/queries.ts';

export interface Holder {
  readonly principalId: string;
  readonly workspaceId: string;
  /** Null: all that the holder may. */
  readonly scopes: readonly PermissionName[] | null;
}

/**
 * Refuses to hand out a key, client or federation that can do more than `principal` may themselves, now or when the service account is given more:
 * whoever gives that does not know who holds a secret of it. So a secret without scopes is for whoever may do everything.
 *
 * @throws ApiError `not_found`, `scope_too_wide`
 */
export async function refuseMoreThanOwn(tx: Transaction, principal: Principal, { principalId, workspaceId, scopes }: Holder): Promise<void> {
  const own = await heldIn(tx, principal, workspaceId);
  if (await tx.maybeOne(findWorkspace, [principal.tenantId, workspaceId]) === undefined) throw new ApiError('not_found', 'There is no such workspace.');
  if (principalId === principal.id) {
    if (scopes === null && principal.scopes !== null) throw new ApiError('scope_too_wide', 'A key with scopes makes none without.');
    refuseWider(scopes ?? [], own);
    return;
  }
  // A key outlives what is held for a while.
  const givable = await givableIn(tx, principal, workspaceId);
  if (scopes !== null) return refuseWider(scopes, givable);
  if (!PERMISSION_NAMES.every((name) => givable.has(name))) throw new ApiError('scope_too_wide', 'Give scopes that you hold: without them a key can do whatever the service account is ever given.');
}
