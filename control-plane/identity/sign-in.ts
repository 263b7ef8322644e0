import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../access/ports.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Cookies } from '../http/cookies.ts';
import type { Notifier } from '../live/notifier.ts';
import type { Me } from './me.ts';
import { actorOf } from './principal.ts';
import type { Principal } from './principal.ts';
import { consumeLink } from './queries.ts';
import type { Refusals } from './refusals.ts';
import { endSession } from './sessions/queries.ts';
import { startSession } from './sessions/session-start.ts';
import type { Browser, StartedSession } from './sessions/session-start.ts';
import { parseLinkToken } from './tokens.ts';
import type { ParsedToken } from './tokens.ts';

export interface SignInParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly refusedSignIns: Refusals;
  readonly cookies: Cookies;
  readonly me: Me;
  readonly tenantStates: TenantStates;
}

/** Sign-in by one-time link, the end of a session, and API keys. */
export class SignIn {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  async signIn(call: Call<'signIn'>): Promise<Answer<'signIn'>> {
    const { cookies, me, notifier } = this.#parts;
    const token = parseLinkToken(call.body.token);
    if (token === null) throw linkInvalid();
    const browser = { sessionCookie: cookies.sessionOf(call.headers.cookie), userAgent: call.headers['user-agent'], address: call.address };
    const started = await this.#parts.database.forTenant(token.tenantId, (tx) => this.#startSession(tx, token, browser));
    if (started === null) {
      await this.#parts.refusedSignIns.audit(token.tenantId, { code: 'sign_in_link_invalid', method: 'link' });
      throw linkInvalid();
    }
    if (started.replacedId !== null) notifier.sessionEnded(started.replacedId);
    return { status: 200, headers: { 'set-cookie': cookies.session(started.token) }, body: await me.ofSession(started.token) };
  }

  async signOut({ principal }: Call<'signOut'>): Promise<Answer<'signOut'>> {
    if (principal.via.kind !== 'session') return { status: 204 };
    const { sessionId } = principal.via;
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      if (await tx.change(endSession, [principal.tenantId, sessionId, 'signed_out', principal.id]) === 0) return;
      await this.#audit(tx, principal, 'session.ended', { kind: 'session', id: sessionId }, { how: 'signed_out' });
    });
    this.#parts.notifier.sessionEnded(sessionId);
    return { status: 204, headers: { 'set-cookie': this.#parts.cookies.session('') } };
  }

  async getMe({ principal }: Call<'getMe'>): Promise<Answer<'getMe'>> {
    return { status: 200, body: await this.#parts.me.of(principal) };
  }

  /** Null when the link is unknown, used or too old. */
  async #startSession(tx: Transaction, { tenantId, secretSha256 }: ParsedToken, browser: Browser): Promise<StartedSession | null> {
    const link = await tx.maybeOne<{ principal_id: string }>(consumeLink, [tenantId, secretSha256]);
    if (link === undefined) return null;
    const facts = { method: 'link', idp: null, acr: null, amr: [] } as const;
    return startSession(tx, this.#parts, { tenantId, principalId: link.principal_id, strength: 'link', facts, at: 'now' }, browser);
  }

  #audit(tx: Transaction, principal: Principal, type: 'session.ended', subject: { kind: string; id: string }, data: AuditData): Promise<string> {
    return appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject, data,
    });
  }
}

function linkInvalid(): ApiError {
  return new ApiError('sign_in_link_invalid', 'The link is unknown, was used before, or is older than 15 minutes.');
}
