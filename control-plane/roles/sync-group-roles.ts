import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { addGroupRows, removeStaleGroupRows } from './queries.ts';

/**
 * Makes the roles that members hold by a group what the group holds now. Whoever changes a group's members or its roles calls it in the same
 * transaction, so that every statement that asks who has a role needs to know one table. Gives how many rows changed.
 */
export async function syncGroupRoles(tx: Transaction, tenantId: string, groupId: string): Promise<number> {
  const values = [tenantId, groupId, `group:${groupId}`];
  return await tx.change(removeStaleGroupRows, values) + await tx.change(addGroupRows, values);
}
