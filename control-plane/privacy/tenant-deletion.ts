import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { isId, newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { homeWorkspace } from '../tenancy/home-workspace.ts';
import { anyHold, cancelDeletion, confirmDeletion, insertDeletion, newestDeletion, tenantState } from './repository-deletion.ts';
import type { DeletionRow } from './repository-deletion.ts';

export interface TenantDeletionParts {
  readonly database: Database;
  readonly clock: Clock;
}

type View = components['schemas']['TenantDeletion'];
type EventType = Extract<AuditEvent['type'], `tenant.deletion_${string}`>;

/** How long a tenant can be had back. */
export const GRACE_DAYS = 30;

/**
 * The end of a tenant, for those who operate the cell: one asks for it, another confirms it, either of them or a third takes it back while its grace
 * lasts. What is carried out then is in `deletion-job.ts`.
 */
export class TenantDeletion {
  readonly #parts: TenantDeletionParts;

  constructor(parts: TenantDeletionParts) {
    this.#parts = parts;
  }

  async deleteTenant({ path: { tenant_id: tenantId }, body, operator }: Call<'deleteTenant'>): Promise<Answer<'deleteTenant'>> {
    const row = await this.#forTenant(tenantId, async (tx) => {
      const state = (await tx.maybeOne<{ state: string }>(tenantState, [tenantId]))?.state;
      if (state === undefined || state === 'deleted') throw noSuchTenant();
      const open = await tx.maybeOne<DeletionRow>(newestDeletion, [tenantId]);
      if (open !== undefined && open.state !== 'cancelled') return open;
      if (state !== 'suspended') throw new ApiError('tenant_state', `The tenant is ${state}. Suspend it first (PATCH, state: suspended), so that nothing of it runs.`);
      await refuseIfHeld(tx, tenantId);
      const made = await tx.one<DeletionRow>(insertDeletion, [tenantId, newId('tenant_deletion'), await homeWorkspace(tx, tenantId), digestOf(body.reason), operator, GRACE_DAYS]);
      await this.#audit(tx, made, 'tenant.deletion_requested', operator, { reason_digest: digestOf(body.reason), due_at: made.due_at.toISOString() });
      return made;
    });
    return { status: 202, body: viewOf(row) };
  }

  async getTenantDeletion({ path: { tenant_id: tenantId } }: Call<'getTenantDeletion'>): Promise<Answer<'getTenantDeletion'>> {
    return { status: 200, body: viewOf(await this.#forTenant(tenantId, (tx) => newest(tx, tenantId))) };
  }

  async confirmTenantDeletion({ path: { tenant_id: tenantId }, operator }: Call<'confirmTenantDeletion'>): Promise<Answer<'confirmTenantDeletion'>> {
    const row = await this.#forTenant(tenantId, async (tx) => {
      const asked = await newest(tx, tenantId);
      if (asked.state === 'requested' && asked.requested_by === operator) {
        throw new ApiError('own_change', `${operator} asked for it. Somebody else confirms it, with a key of the cell of their own (COUNTERSIGN_CELL_KEY_SHA256 takes several: NAME=SHA256 pairs).`);
      }
      await refuseIfHeld(tx, tenantId);
      return this.#change(tx, asked, confirmDeletion, 'tenant.deletion_confirmed', operator);
    });
    return { status: 200, body: viewOf(row) };
  }

  /** The tenant stays suspended: whoever takes it back makes it active. */
  async cancelTenantDeletion({ path: { tenant_id: tenantId }, operator }: Call<'cancelTenantDeletion'>): Promise<Answer<'cancelTenantDeletion'>> {
    const row = await this.#forTenant(tenantId, async (tx) => this.#change(tx, await newest(tx, tenantId), cancelDeletion, 'tenant.deletion_cancelled', operator));
    return { status: 200, body: viewOf(row) };
  }

  async #change(tx: Transaction, before: DeletionRow, statement: Statement, type: EventType, operator: string): Promise<DeletionRow> {
    const row = await tx.maybeOne<DeletionRow>(statement, [before.tenant_id, before.id, operator]);
    if (row === undefined) throw new ApiError('tenant_state', `The deletion is ${before.state.replace('_', ' ')}.`);
    await this.#audit(tx, row, type, operator, { due_at: row.due_at.toISOString() });
    return row;
  }

  #forTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (!isId('tenant', tenantId)) throw noSuchTenant();
    return this.#parts.database.forTenant(tenantId, work);
  }

  #audit(tx: Transaction, { tenant_id, workspace_id }: DeletionRow, type: EventType, operator: string, data: AuditEvent['data']): Promise<string> {
    return appendAudit(tx, { at: this.#parts.clock.now(), type, tenant_id, workspace_id, run_id: null, actor: { kind: 'system', id: `cell-operator/${operator}` }, subject: { kind: 'tenant', id: tenant_id }, data });
  }
}

async function newest(tx: Transaction, tenantId: string): Promise<DeletionRow> {
  const row = await tx.maybeOne<DeletionRow>(newestDeletion, [tenantId]);
  if (row === undefined) throw new ApiError('not_found', 'Nobody has asked for the deletion of such a tenant in this cell.');
  return row;
}

async function refuseIfHeld(tx: Transaction, tenantId: string): Promise<void> {
  if (await tx.maybeOne(anyHold, [tenantId]) !== undefined) throw new ApiError('legal_hold_active', 'A legal hold covers something of the tenant. It must be released first.');
}

function viewOf({ began_at, rows_removed, ...row }: DeletionRow): View {
  const { workspace_id: _workspace, ...shown } = row;
  const text = (at: Date | null): string | null => at?.toISOString() ?? null;
  return {
    ...shown, rows_removed: Number(rows_removed), requested_at: row.requested_at.toISOString(), due_at: row.due_at.toISOString(), confirmed_at: text(row.confirmed_at), cancelled_at: text(row.cancelled_at),
    began_at: text(began_at), retained_until: text(row.retained_until), completed_at: text(row.completed_at),
  };
}

function noSuchTenant(): ApiError {
  return new ApiError('not_found', 'There is no such tenant in this cell.');
}
