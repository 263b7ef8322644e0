import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { permissionsOf } from '../access/may.ts';
import type { Principal, SignInFacts, Via } from './principal.ts';
import { findApiKey, findMembership, findSession, touchApiKey, touchSession } from './queries.ts';
import type { CredentialRow, MembershipRow } from './queries.ts';
import { parseApiKey, parseSessionToken, sameDigest } from './tokens.ts';
import type { ParsedToken } from './tokens.ts';

const BY_LINK: SignInFacts = { method: 'link', idp: null, acr: null, amr: [] };

/** Finds out who is asking. Null means that nobody we know is: which part was wrong is not told. */
export class Authenticator {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By the value of the session cookie. */
  async bySession(cookie: string): Promise<Principal | null> {
    const token = parseSessionToken(cookie);
    if (token === null) return null;
    return this.#find(token, findSession, touchSession, { kind: 'session', sessionId: token.id });
  }

  /** By the value of `Authorization: Bearer`. */
  async byApiKey(bearer: string): Promise<Principal | null> {
    const token = parseApiKey(bearer);
    if (token === null) return null;
    return this.#find(token, findApiKey, touchApiKey, { kind: 'api_key', keyId: token.id });
  }

  /** Whether a principal found before may still ask: not signed out, expired, disabled or without its role meanwhile. Does not count as use. */
  async isStillValid(principal: Principal): Promise<boolean> {
    // A click is one moment: nobody stays signed in by it.
    if (principal.via.kind === 'slack' || principal.via.kind === 'access_token') return false;
    const [statement, id] = principal.via.kind === 'session' ? [findSession, principal.via.sessionId] : [findApiKey, principal.via.keyId];
    return this.#database.forTenant(principal.tenantId, async (tx) => (await tx.maybeOne<CredentialRow>(statement, [principal.tenantId, id])) !== undefined);
  }

  #find(token: ParsedToken, find: Statement, touch: Statement, via: Via): Promise<Principal | null> {
    return this.#database.forTenant(token.tenantId, async (tx) => {
      const row = await tx.maybeOne<CredentialRow>(find, [token.tenantId, token.id]);
      if (row === undefined || !sameDigest(row.secret_sha256, token.secretSha256)) return null;
      // Once a minute is enough to know an idle session, and spares a write per request.
      if (row.stale) await tx.change(touch, [token.tenantId, token.id]);
      return principalOf(tx, token.tenantId, row, via);
    });
  }
}

async function principalOf(tx: Transaction, tenantId: string, row: CredentialRow, via: Via): Promise<Principal> {
  const membership = await tx.one<MembershipRow>(findMembership, [tenantId, row.principal_id]);
  return {
    tenantId, workspaceId: membership.workspace_id, id: row.principal_id, kind: row.kind, displayName: row.display_name,
    roles: membership.roles, permissions: permissionsOf(membership.roles), authStrength: row.auth_strength, signedInAt: row.signed_in_at,
    auth: via.kind === 'session' ? BY_LINK : null, via,
  };
}
