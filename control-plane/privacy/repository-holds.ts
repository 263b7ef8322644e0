import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export type HoldScope = 'tenant' | 'workspace' | 'run' | 'principal' | 'subject';

export interface HoldRow {
  readonly id: string;
  readonly scope: HoldScope;
  readonly target: string;
  readonly reason_sealed: Uint8Array;
  readonly set_by: string;
  readonly set_at: Date;
  readonly released_by: string | null;
  readonly released_at: Date | null;
}

const COLUMNS = 'id, scope, target, reason_sealed, set_by, set_at, released_by, released_at';

export const listHolds: Statement = {
  name: 'legal_holds.list',
  text: `SELECT ${COLUMNS} FROM control.legal_holds WHERE tenant_id = $1 ORDER BY released_at IS NOT NULL, set_at DESC, id LIMIT 500`,
};

export const findHold: Statement = {
  name: 'legal_holds.find',
  text: `SELECT ${COLUMNS} FROM control.legal_holds WHERE tenant_id = $1 AND id = $2`,
};

export const insertHold: Statement = {
  name: 'legal_holds.insert',
  text: 'INSERT INTO control.legal_holds (tenant_id, id, scope, target, reason_sealed, set_by) VALUES ($1, $2, $3, $4, $5, $6)',
};

export const releaseHold: Statement = {
  name: 'legal_holds.release',
  text: `
    UPDATE control.legal_holds SET released_by = $3, released_at = clock_timestamp(), release_reason_digest = $4
     WHERE tenant_id = $1 AND id = $2 AND released_at IS NULL`,
};

const TARGETS: Readonly<Record<HoldScope, Statement>> = {
  tenant: { name: 'legal_holds.target_tenant', text: 'SELECT FROM control.tenants WHERE tenant_id = $1 AND tenant_id = $2' },
  workspace: { name: 'legal_holds.target_workspace', text: 'SELECT FROM control.workspaces WHERE tenant_id = $1 AND id = $2' },
  run: { name: 'legal_holds.target_run', text: 'SELECT FROM execution.runs WHERE tenant_id = $1 AND id = $2' },
  principal: { name: 'legal_holds.target_principal', text: 'SELECT FROM control.principals WHERE tenant_id = $1 AND id = $2' },
  // Runs about it may be to come.
  subject: { name: 'legal_holds.target_subject', text: `SELECT WHERE $1::text IS NOT NULL AND $2::text <> ''` },
};

/** Whether there is in this tenant what a hold is to be on. */
export async function hasTarget(tx: Transaction, tenantId: string, scope: HoldScope, target: string): Promise<boolean> {
  return await tx.maybeOne(TARGETS[scope], [tenantId, target]) !== undefined;
}

const ofPerson: Statement = {
  name: 'legal_holds.of_person',
  text: `
    SELECT id FROM control.legal_holds
     WHERE tenant_id = $1 AND released_at IS NULL AND (scope IN ('tenant', 'workspace') OR (scope = 'principal' AND target = $2))
     ORDER BY set_at, id LIMIT 1`,
};

/** The hold that stands in the way of erasing a person: on them, on the tenant, or on a workspace, where they may be in anything. */
export async function holdOnPerson(tx: Transaction, tenantId: string, principalId: string | null): Promise<string | null> {
  return (await tx.maybeOne<{ id: string }>(ofPerson, [tenantId, principalId]))?.id ?? null;
}
