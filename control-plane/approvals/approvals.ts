import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditData, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import type { ApprovalState } from '@countersign/contracts/states/transitions.ts';
import type { TenantStates } from '../access/ports.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { programsOfPerson } from '../machines/repository-secret-holders.ts';
import { approvalView, openApproval } from './approval-view.ts';
import type { ApprovalView } from './approval-view.ts';
import { approvalsOfRun, decideApproval, expireOne, findApproval, insertVote, listApprovals, lockApproval, votesOf } from './queries.ts';
import type { ApprovalRow, VoteRow } from './queries.ts';
import { signInAgeMs } from './sign-in-rules.ts';
import { outcomeOf, whyNot, whyNotThisVote } from './voting-rules.ts';
import type { VoteRefusal, Voter } from './voting-rules.ts';

export interface ApprovalsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly refusals: RateLimit;
  readonly tenantStates: TenantStates;
}

type NewVote = Call<'castVote'>['body'];

/** What a vote led to, decided and committed before anybody is told. */
type VoteOutcome =
  | { readonly refused: VoteRefusal; readonly currentDigest: string; readonly changedTo: ApprovalState | null }
  | { readonly auditEventId: string; readonly row: ApprovalRow; readonly votes: VoteRow[]; readonly voter: Voter; readonly changedTo: ApprovalState | null };

/** What waits for a person. Votes are bound to the digest of the action that was shown; the first decision wins. */
export class Approvals {
  readonly #parts: ApprovalsParts;

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  async listApprovals({ principal, query }: Call<'listApprovals'>): Promise<Answer<'listApprovals'>> {
    const limit = query.limit ?? 50;
    const after = positionOf(query.cursor);
    const { page, votes, voter } = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const rows = await tx.rows<ApprovalRow>(listApprovals, [principal.tenantId, principal.workspaceId, query.state ?? null, query.run_id ?? null, after?.at ?? null, after?.id ?? null, limit + 1]);
      const page = pageOf(rows, limit);
      return { page, votes: await tx.rows<VoteRow>(votesOf, [principal.tenantId, page.rows.map((row) => row.id)]), voter: await voterOf(tx, principal) };
    });
    return { status: 200, body: { items: await this.#views(page.rows, votes, voter), next_cursor: page.nextCursor } };
  }

  async getApproval({ principal, path }: Call<'getApproval'>): Promise<Answer<'getApproval'>> {
    return { status: 200, body: await this.read(principal, path.approval_id) };
  }

  /** An approval as `principal` may see it. @throws ApiError `not_found` */
  async read(principal: Principal, approvalId: string): Promise<ApprovalView> {
    const found = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const row = await tx.maybeOne<ApprovalRow>(findApproval, [principal.tenantId, principal.workspaceId, approvalId]);
      return row && { row, votes: await tx.rows<VoteRow>(votesOf, [principal.tenantId, [row.id]]), voter: await voterOf(tx, principal) };
    });
    if (found === undefined) throw notFound();
    return approvalView(found.row, found.votes, found.voter, this.#parts.keys);
  }

  /** The approvals of one run, in the transaction of its caller. */
  async ofRun(tx: Transaction, runId: string, principal: Principal): Promise<ApprovalView[]> {
    const rows = await tx.rows<ApprovalRow>(approvalsOfRun, [principal.tenantId, principal.workspaceId, runId]);
    const votes = rows.length === 0 ? [] : await tx.rows<VoteRow>(votesOf, [principal.tenantId, rows.map((row) => row.id)]);
    return this.#views(rows, votes, await voterOf(tx, principal));
  }

  async castVote(call: Call<'castVote'>): Promise<Answer<'castVote'>> {
    const { approval, auditEventId } = await this.vote(call.principal, call.path.approval_id, call.body, call.requestId);
    return { status: 201, body: { approval, request_id: call.requestId, audit_event_id: auditEventId } };
  }

  /** One vote, whichever way it came: clicks in Slack are no requests of our API, so what is asked of every request is asked here. @throws ApiError with the refusal, which is audited */
  async vote(principal: Principal, approvalId: string, vote: NewVote, requestId: string): Promise<{ readonly approval: ApprovalView; readonly auditEventId: string }> {
    await this.#parts.tenantStates.refuseUnlessServed(principal.tenantId);
    const outcome = await this.#parts.database.forTenant(principal.tenantId, (tx) => this.#vote(tx, principal, approvalId, vote, requestId));
    if (outcome.changedTo !== null) this.#announce(principal, approvalId, outcome.changedTo);
    if ('refused' in outcome) throw refusalError(outcome.refused, outcome.currentDigest);
    return { approval: await approvalView(outcome.row, outcome.votes, outcome.voter, this.#parts.keys), auditEventId: outcome.auditEventId };
  }

  /** A refusal is returned, not thrown: its audit event must commit. */
  async #vote(tx: Transaction, principal: Principal, approvalId: string, body: NewVote, requestId: string): Promise<VoteOutcome> {
    const { tenantId, workspaceId } = principal;
    const row = await tx.maybeOne<ApprovalRow>(lockApproval, [tenantId, workspaceId, approvalId]);
    if (row === undefined) throw notFound();
    const votes = await tx.rows<VoteRow>(votesOf, [tenantId, [row.id]]);
    const voter = await voterOf(tx, principal);
    const refused = whyNot(row, votes, voter) ?? whyNotThisVote(row, body);
    if (refused !== null) return this.#refuse(tx, row, principal, refused, requestId);

    // Nobody approves what cannot be shown: the stored bytes must still be those of the digest.
    await openApproval(row, tenantId, this.#parts.keys);
    const changedTo = outcomeOf(row, votes, body.decision);
    if (changedTo !== null && await tx.change(decideApproval, [tenantId, row.id, changedTo, changedTo === 'answered' ? body.decision : null]) === 0) {
      const expired: VoteRefusal = { code: 'approval_expired', detail: 'The deadline passed while you voted; expiry denies.' };
      return this.#refuse(tx, { ...row, overdue: true }, principal, expired, requestId);
    }
    const voteId = newId('vote');
    const channel = CHANNELS[principal.via.kind];
    // Null where nobody signed in: a key, a click.
    const { method: auth_method = null, idp = null, acr = null, amr = [] } = principal.auth ?? {};
    await tx.change(insertVote, [
      tenantId, row.id, voteId, principal.id, row.required_role, body.decision, body.reason ?? null, body.action_digest,
      principal.authStrength, channel, principal.signedInAt, auth_method, idp, acr, [...amr],
    ]);
    const auditEventId = await this.#audit(tx, row, principal, 'approval.vote_cast', {
      vote_id: voteId, decision: body.decision, action_digest: body.action_digest, role: row.required_role,
      auth_strength: principal.authStrength, auth_method, idp, acr, amr: [...amr], sign_in_age_ms: signInAgeMs(row, principal), channel, request_id: requestId,
    });
    if (changedTo !== null) await this.#audit(tx, row, principal, 'approval.state_changed', {
      from: 'pending', to: changedTo, action_digest: row.action_digest, ...(changedTo === 'answered' ? { answer: body.decision, call_id: row.sent?.call_id ?? null } : {}),
    });
    const after = await tx.one<ApprovalRow>(findApproval, [tenantId, workspaceId, row.id]);
    return { auditEventId, row: after, votes: await tx.rows<VoteRow>(votesOf, [tenantId, [row.id]]), voter, changedTo };
  }

  async #refuse(tx: Transaction, row: ApprovalRow, principal: Principal, refused: VoteRefusal, requestId: string): Promise<VoteOutcome> {
    const expired = row.overdue && await tx.change(expireOne, [principal.tenantId, row.id]) === 1;
    if (expired) await this.#audit(tx, row, principal, 'approval.state_changed', { from: 'pending', to: 'expired', action_digest: row.action_digest });
    const allowed = this.#parts.refusals.take(`vote/${principal.tenantId}/${principal.id}`);
    if (allowed !== null) {
      await this.#audit(tx, row, principal, 'approval.vote_refused', { code: refused.code, request_id: requestId, suppressed_count: allowed.suppressed_count });
    }
    return { refused, currentDigest: row.action_digest, changedTo: expired ? 'expired' : null };
  }

  #audit(tx: Transaction, row: ApprovalRow, principal: Principal, type: AuditEventType, data: AuditData): Promise<string> {
    return appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id: row.workspace_id, run_id: row.run_id,
      actor: actorOf(principal), subject: { kind: 'approval', id: row.id }, data,
    });
  }

  #announce({ tenantId, workspaceId }: Principal, id: string, state: ApprovalState): void {
    this.#parts.notifier.approval(id);
    this.#parts.notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'approval', id, state });
  }

  #views(rows: readonly ApprovalRow[], votes: readonly VoteRow[], voter: Voter): Promise<ApprovalView[]> {
    return Promise.all(rows.map((row) => approvalView(row, votes.filter((vote) => vote.approval_id === row.id), voter, this.#parts.keys)));
  }
}

async function voterOf(tx: Transaction, principal: Principal): Promise<Voter> {
  return { principal, programs: await programsOfPerson(tx, principal.tenantId, principal.id) };
}

/** By which way a vote came, in the words of the database. */
const CHANNELS = { session: 'console', api_key: 'api', access_token: 'api', change_request: 'api', slack: 'slack' } as const;

function refusalError({ code, detail, field }: VoteRefusal, currentDigest: string): ApiError {
  if (code === 'approval_digest_stale') return new ApiError(code, detail, { members: { current_action_digest: currentDigest } });
  if (code === 'request_invalid') return new ApiError(code, detail, { errors: [{ field: field ?? '', code: field === '/reason' ? 'required' : 'enum', message: field === '/reason' ? 'Say why, in a sentence.' : detail }] });
  return new ApiError(code, detail);
}

function notFound(): ApiError {
  return new ApiError('not_found', 'There is no such approval.');
}
