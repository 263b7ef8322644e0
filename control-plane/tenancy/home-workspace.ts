import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';
import { findHomeWorkspace } from './queries.ts';

/** The oldest workspace: its chain tells what concerns the tenant as a whole. */
export async function homeWorkspace(tx: Transaction, tenantId: string): Promise<string> {
  return (await tx.one<{ id: string }>(findHomeWorkspace, [tenantId])).id;
}

/**
 * What concerns the tenant as a whole is for who holds the permission in its home workspace. Gives that workspace.
 *
 * @throws ApiError `forbidden` for a request that acts in another one
 */
export function refuseUnlessHome({ isInHomeWorkspace, workspaceId }: Pick<Principal, 'isInHomeWorkspace' | 'workspaceId'>): string {
  if (!isInHomeWorkspace) throw new ApiError('forbidden', 'This concerns the whole tenant: ask in its home workspace, by the header countersign-workspace. GET /api/v1/me says which of yours it is.');
  return workspaceId;
}
