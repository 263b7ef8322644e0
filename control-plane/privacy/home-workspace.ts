import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';

const oldestWorkspace: Statement = {
  name: 'privacy.oldest_workspace',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1',
};

/** The workspace whose chain tells what concerns the tenant as a whole. */
export async function homeWorkspace(tx: Transaction, tenantId: string): Promise<string> {
  return (await tx.one<{ id: string }>(oldestWorkspace, [tenantId])).id;
}

/** What concerns the whole tenant is decided by those who may in its home workspace. Gives that workspace. @throws ApiError `forbidden` */
export async function requireHome(tx: Transaction, principal: Principal): Promise<string> {
  const home = await homeWorkspace(tx, principal.tenantId);
  if (principal.workspaceId !== home) throw new ApiError('forbidden', `This concerns the whole tenant. Ask in its first workspace: send the header countersign-workspace: ${home}.`);
  return home;
}
