import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { actorOf } from './principal.ts';
import type { Principal } from './principal.ts';
import { consumeLink, describeTenant, findMembership, insertApiKey, insertSession, revokeSession } from './queries.ts';
import type { MembershipRow, MeRow } from './queries.ts';
import { apiKeyToken, newSecret, parseLinkToken, sessionToken } from './tokens.ts';
import type { ParsedToken } from './tokens.ts';

export interface SignInParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly refusals: RateLimit;
  /** Builds the `Set-Cookie` value for a session token; an empty token ends it. */
  readonly sessionCookie: (token: string) => string;
  /** Called when a session has ended, so that what it still listens to is closed. */
  readonly onSessionEnded: (sessionId: string) => void;
  /** Reads the principal of a session that was just made. */
  readonly principalOf: (cookie: string) => Promise<Principal | null>;
}

/** Sign-in by one-time link, sessions and API keys. */
export class SignIn {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  async signIn(call: Call<'signIn'>): Promise<Answer<'signIn'>> {
    const token = parseLinkToken(call.body.token);
    if (token === null) throw linkInvalid();
    const cookie = await this.#parts.database.forTenant(token.tenantId, (tx) => this.#startSession(tx, token));
    if (cookie === null) {
      await this.#auditRefusal(token.tenantId);
      throw linkInvalid();
    }
    const principal = await this.#parts.principalOf(cookie);
    if (principal === null) throw linkInvalid();
    return { status: 200, headers: { 'set-cookie': this.#parts.sessionCookie(cookie) }, body: await this.#describe(principal) };
  }

  async signOut({ principal }: Call<'signOut'>): Promise<Answer<'signOut'>> {
    if (principal.via.kind !== 'session') return { status: 204 };
    const { sessionId } = principal.via;
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      if (await tx.change(revokeSession, [principal.tenantId, sessionId]) === 0) return;
      await this.#audit(tx, principal, 'session.ended', { kind: 'session', id: sessionId }, { how: 'signed_out' });
    });
    this.#parts.onSessionEnded(sessionId);
    return { status: 204, headers: { 'set-cookie': this.#parts.sessionCookie('') } };
  }

  async getMe({ principal }: Call<'getMe'>): Promise<Answer<'getMe'>> {
    return { status: 200, body: await this.#describe(principal) };
  }

  async createApiKey({ principal, body }: Call<'createApiKey'>): Promise<Answer<'createApiKey'>> {
    const id = newId('api_key');
    const { secret, sha256 } = newSecret();
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      await tx.change(insertApiKey, [principal.tenantId, id, sha256, principal.id, body.name]);
      await this.#audit(tx, principal, 'api_key.created', { kind: 'api_key', id }, { name: body.name });
    });
    return { status: 201, body: { id, name: body.name, key: apiKeyToken(principal.tenantId, id, secret) } };
  }

  /** Gives the session's cookie value, or null when the link is unknown, used or too old. */
  async #startSession(tx: Transaction, token: ParsedToken): Promise<string | null> {
    const { tenantId } = token;
    const link = await tx.maybeOne<{ principal_id: string }>(consumeLink, [tenantId, token.secretSha256]);
    if (link === undefined) return null;
    const id = newId('session');
    const { secret, sha256 } = newSecret();
    await tx.change(insertSession, [tenantId, id, sha256, link.principal_id, 'link']);
    const { workspace_id } = await tx.one<MembershipRow>(findMembership, [tenantId, link.principal_id]);
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'session.started', tenant_id: tenantId, workspace_id, run_id: null,
      actor: { kind: 'person', id: link.principal_id }, subject: { kind: 'session', id }, data: { auth_strength: 'link' },
    });
    return sessionToken(tenantId, id, secret);
  }

  async #auditRefusal(tenantId: string): Promise<void> {
    const allowed = this.#parts.refusals.take(`session/${tenantId}`);
    if (allowed === null) return;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      // A tenant that does not exist has no workspace, and so no chain to write to.
      const membership = await tx.maybeOne<MembershipRow>(findMembership, [tenantId, '']);
      if (membership === undefined) return;
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'session.refused', tenant_id: tenantId, workspace_id: membership.workspace_id, run_id: null,
        actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'tenant', id: tenantId },
        data: { code: 'sign_in_link_invalid', suppressed_count: allowed.suppressed_count },
      });
    });
  }

  #audit(tx: Transaction, principal: Principal, type: 'session.ended' | 'api_key.created', subject: { kind: string; id: string }, data: Record<string, string>): Promise<string> {
    return appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject, data,
    });
  }

  async #describe(principal: Principal): Promise<Extract<Answer<'getMe'>, { status: 200 }>['body']> {
    const row = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.one<MeRow>(describeTenant, [principal.tenantId, principal.workspaceId]));
    return {
      principal: { id: principal.id, kind: principal.kind, display_name: principal.displayName },
      tenant: { id: principal.tenantId, slug: row.tenant_slug, name: row.tenant_name },
      workspace: { id: principal.workspaceId, slug: row.workspace_slug, name: row.workspace_name },
      roles: [...principal.roles],
      auth_strength: principal.authStrength,
    };
  }
}

function linkInvalid(): ApiError {
  return new ApiError('sign_in_link_invalid', 'The link is unknown, was used before, or is older than 15 minutes.');
}
