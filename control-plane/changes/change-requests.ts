import { OPERATION_PERMISSION } from '@countersign/contracts/openapi/permissions.ts';
import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { auditBy } from '../access/audit.ts';
import { may } from '../access/may.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import type { Principal } from '../identity/principal.ts';
import { programsOfPerson } from '../machines/repository-secret-holders.ts';
import type { CarryOut } from './carry-out.ts';
import type { HeldCall } from './held-call.ts';
import { decideChange, endChange, findChange, listChanges, lockChange } from './queries.ts';
import type { ChangeRow } from './queries.ts';

type ChangeRequest = components['schemas']['ChangeRequest'];

export interface ChangeRequestsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly carryOut: CarryOut;
}

/** Calls that wait for a second person. Who asked may take them back; who decides sees exactly what would be done, and names its digest. */
export class ChangeRequests {
  readonly #parts: ChangeRequestsParts;

  constructor(parts: ChangeRequestsParts) {
    this.#parts = parts;
  }

  async listChangeRequests({ principal, query }: Call<'listChangeRequests'>): Promise<Answer<'listChangeRequests'>> {
    const limit = query.limit ?? 50;
    const after = positionOf(query.cursor);
    const whose = may(principal, 'changes:read') ? null : principal.id;
    const values = [principal.tenantId, principal.workspaceId, whose, query.state ?? null, after?.at ?? null, after?.id ?? null, limit + 1];
    const { found, programs } = await this.#parts.database.forTenant(principal.tenantId, async (tx) => ({ found: await tx.rows<ChangeRow>(listChanges, values), programs: await programsOfPerson(tx, principal.tenantId, principal.id) }));
    const { rows, nextCursor } = pageOf(found, limit);
    return { status: 200, body: { items: rows.map((row) => viewOf(row, { principal, programs }, null)), next_cursor: nextCursor } };
  }

  async getChangeRequest({ principal, path }: Call<'getChangeRequest'>): Promise<Answer<'getChangeRequest'>> {
    const { row, programs } = await this.#found(principal, path.change_id);
    if (row === undefined || (row.requested_by !== principal.id && !may(principal, 'changes:read'))) throw noSuchChange();
    return { status: 200, body: viewOf(row, { principal, programs }, await this.#openFor(principal, row)) };
  }

  async approveChangeRequest({ principal, path, body, requestId, signal }: Call<'approveChangeRequest'>): Promise<Answer<'approveChangeRequest'>> {
    const row = await this.#decide(principal, path.change_id, 'approved', body.digest, body.reason);
    const outcome = await this.#parts.carryOut.run(principal.tenantId, row, await this.#open(principal.tenantId, row), { requestId, signal });
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const { state, result } = outcome;
      await tx.change(endChange, [principal.tenantId, row.id, state, JSON.stringify(result)]);
      await this.#audit(tx, principal, row, 'change_request.executed', { state, requested_by: row.requested_by, approved_by: principal.id, ...(result.code === undefined ? {} : { code: result.code }) });
    });
    return { status: 200, body: await this.#read(principal, row.id) };
  }

  async rejectChangeRequest({ principal, path, body }: Call<'rejectChangeRequest'>): Promise<Answer<'rejectChangeRequest'>> {
    const row = await this.#decide(principal, path.change_id, 'rejected', body.digest, body.reason);
    return { status: 200, body: await this.#read(principal, row.id) };
  }

  async withdrawChangeRequest({ principal, path }: Call<'withdrawChangeRequest'>): Promise<Answer<'withdrawChangeRequest'>> {
    const { tenantId, workspaceId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne<ChangeRow>(lockChange, [tenantId, workspaceId, path.change_id]);
      if (row === undefined || row.requested_by !== principal.id) throw noSuchChange();
      if (await tx.change(decideChange, [tenantId, row.id, 'withdrawn', principal.id, null]) === 0) throw notOpen(row);
      await this.#audit(tx, principal, row, 'change_request.withdrawn', {});
    });
    return { status: 200, body: await this.#read(principal, path.change_id) };
  }

  async #decide(principal: Principal, id: string, to: 'approved' | 'rejected', digest: string, reason: string | undefined): Promise<ChangeRow> {
    const { tenantId, workspaceId } = principal;
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne<ChangeRow>(lockChange, [tenantId, workspaceId, id]);
      if (row === undefined) throw noSuchChange();
      const refusal = whyNot(row, { principal, programs: await programsOfPerson(tx, tenantId, principal.id) }, digest);
      if (refusal !== null) throw refusal;
      if (await tx.change(decideChange, [tenantId, id, to, principal.id, reason === undefined ? null : digestOf(reason)]) === 0) throw notOpen({ ...row, overdue: true });
      await this.#audit(tx, principal, row, `change_request.${to}`, { payload_digest: row.payload_digest, requested_by: row.requested_by, ...(reason === undefined ? {} : { reason_digest: digestOf(reason) }) });
      return row;
    });
  }

  async #read(principal: Principal, id: string): Promise<ChangeRequest> {
    const { row, programs } = await this.#found(principal, id);
    if (row === undefined) throw noSuchChange();
    return viewOf(row, { principal, programs }, await this.#openFor(principal, row));
  }

  #found({ tenantId, workspaceId, id: personId }: Principal, id: string): Promise<{ readonly row: ChangeRow | undefined; readonly programs: ReadonlySet<string> }> {
    return this.#parts.database.forTenant(tenantId, async (tx) => ({ row: await tx.maybeOne<ChangeRow>(findChange, [tenantId, workspaceId, id]), programs: await programsOfPerson(tx, tenantId, personId) }));
  }

  /** What would be done, for those who decide about it and for who asked. */
  async #openFor(principal: Principal, row: ChangeRow): Promise<HeldCall | null> {
    const sees = row.requested_by === principal.id || may(principal, 'changes:decide');
    return sees && row.payload_sealed !== null ? this.#open(principal.tenantId, row) : null;
  }

  async #open(tenantId: string, row: ChangeRow): Promise<HeldCall> {
    if (row.payload_sealed === null) throw notOpen(row);
    const bytes = await this.#parts.keys.unseal(tenantId, 'identity', row.id, row.payload_sealed);
    return this.#parts.carryOut.read(bytes, row.payload_digest);
  }

  #audit(tx: Transaction, principal: Principal, row: ChangeRow, type: 'change_request.approved' | 'change_request.rejected' | 'change_request.withdrawn' | 'change_request.executed', data: AuditData): Promise<string> {
    return auditBy(tx, this.#parts.clock, principal, { type, subject: { kind: 'change_request', id: row.id }, data: { operation: row.operation, ...data } });
  }
}

interface Decider {
  readonly principal: Principal;
  /** What they could have asked as. */
  readonly programs: ReadonlySet<string>;
}

/** Why somebody may not decide; null where they may. */
function whyNot(row: ChangeRow, { principal, programs }: Decider, digest: string | null): ApiError | null {
  if (principal.kind !== 'person') return new ApiError('forbidden', 'A second person is a person.');
  if (row.requested_by === principal.id) return new ApiError('own_change', 'You asked for this yourself.');
  if (programs.has(row.requested_by)) return new ApiError('own_change', 'A program asked for this that you have made or rotated a key, a client or a federation of: somebody who could not have asked decides.');
  if (row.state !== 'pending' || row.overdue) return notOpen(row);
  if (digest !== null && digest !== row.payload_digest) return new ApiError('precondition_failed', 'The digest is not that of this change: read it again.');
  return null;
}

function viewOf(row: ChangeRow, decider: Decider, call: HeldCall | null): ChangeRequest {
  const refusal = may(decider.principal, 'changes:decide') ? whyNot(row, decider, null) : new ApiError('forbidden', 'This needs changes:decide.');
  return {
    id: row.id, workspace_id: row.workspace_id, operation: row.operation, permission: OPERATION_PERMISSION[row.operation], state: row.overdue ? 'expired' : row.state,
    digest: row.payload_digest, summary: row.summary, requested_by: row.requested_by, requested_at: row.requested_at.toISOString(), expires_at: row.expires_at.toISOString(),
    decided_by: row.decided_by, decided_at: row.decided_at?.toISOString() ?? null, result: row.result,
    call: call === null ? null : { path: call.path, query: call.query, body: call.body },
    may_decide: refusal === null, may_not_decide_because: refusal?.message ?? null,
  };
}

function noSuchChange(): ApiError {
  return new ApiError('not_found', 'There is no such change request.');
}

function notOpen(row: Pick<ChangeRow, 'state' | 'overdue'>): ApiError {
  return new ApiError('change_request_state', `It is ${row.overdue ? 'expired' : row.state}.`);
}
