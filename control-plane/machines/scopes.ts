import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';
import { givableIn, heldIn, refuseWider, rightsIn } from '../roles/rights.ts';
import { findWorkspace } from '../roles/queries.ts';

export interface Holder {
  readonly principalId: string;
  readonly workspaceId: string;
  /** Null: all that the holder may. */
  readonly scopes: readonly PermissionName[] | null;
}

/**
 * Refuses to hand out a key, client or federation that can do more than `principal` may themselves: for a service account that counts what it
 * holds now, cut to the scopes. What it is given later is given by somebody who holds it.
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
  const held = await rightsIn(tx, principal.tenantId, principalId, workspaceId);
  // A key outlives what is held for a while.
  refuseWider([...held].filter((name) => scopes === null || scopes.includes(name)), await givableIn(tx, principal, workspaceId));
}
