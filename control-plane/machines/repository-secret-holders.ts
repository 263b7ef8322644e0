import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const programsOf: Statement = {
  name: 'machines.programs_of',
  text: `
    SELECT principal_id FROM control.api_keys WHERE tenant_id = $1 AND created_by = $2
    UNION SELECT principal_id FROM control.oauth_clients WHERE tenant_id = $1 AND (created_by = $2 OR $2 = ANY (rotated_by))
    UNION SELECT principal_id FROM control.federations WHERE tenant_id = $1 AND (created_by = $2 OR $2 = ANY (changed_by))`,
};

/**
 * Principals that a person could act as: they were shown a secret of it, at any time, or said whose tokens are trusted as it. For what one of them
 * asks for this person is no second one.
 */
export async function programsOfPerson(tx: Transaction, tenantId: string, personId: string): Promise<ReadonlySet<string>> {
  return new Set((await tx.rows<{ principal_id: string }>(programsOf, [tenantId, personId])).map((row) => row.principal_id));
}
