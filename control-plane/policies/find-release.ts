import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';
import { findRelease } from './repository-releases.ts';
import type { ReleaseRow } from './repository-releases.ts';

/** A release of the principal's workspace. @throws ApiError `not_found` */
export async function releaseOf(tx: Transaction, { tenantId, workspaceId }: Principal, id: string): Promise<ReleaseRow> {
  const row = await tx.maybeOne<ReleaseRow>(findRelease, [tenantId, workspaceId, id]);
  if (row === undefined) throw new ApiError('not_found', 'There is no such release in this workspace.');
  return row;
}
