import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';
import { homeWorkspace } from './queries.ts';

/**
 * What concerns the tenant as a whole is for who holds the permission in its home workspace, the oldest.
 *
 * @throws ApiError `forbidden` for a request that acts in another one
 */
export async function refuseUnlessHome(tx: Transaction, { tenantId, workspaceId }: Principal): Promise<void> {
  const { id } = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
  if (id !== workspaceId) throw new ApiError('forbidden', 'This is about the tenant as a whole: it needs the permission in the home workspace, and a request that acts there.');
}
