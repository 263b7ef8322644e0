import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import { permissionsOf } from '../access/may.ts';
import type { Principal, Via } from './principal.ts';
import { findAccessToken, findApiKey, findMembershipIn, findPrincipalById, findSession, listMemberships, touchApiKey, touchSession } from './queries.ts';
import type { CredentialRow, MembershipRow } from './queries.ts';
import { parseAccessToken, parseApiKey, parseSessionToken, sameDigest } from './tokens.ts';
import type { ParsedToken } from './tokens.ts';

/** Finds out who is asking. Null means that nobody we know is: which part was wrong is not told. */
export class Authenticator {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * By the value of the session cookie. `workspace`: the one that the request names.
   *
   * @throws ApiError `not_found` where there is no such workspace, or none that the principal has a role in
   */
  async bySession(cookie: string, workspace?: string): Promise<Principal | null> {
    const token = parseSessionToken(cookie);
    if (token === null) return null;
    return this.#find(token, findSession, touchSession, workspace, () => ({ kind: 'session', sessionId: token.id }));
  }

  /** By the value of `Authorization: Bearer`: an API key or an access token. Otherwise as `bySession`. */
  async byBearer(bearer: string, workspace?: string): Promise<Principal | null> {
    const key = parseApiKey(bearer);
    if (key !== null) return this.#find(key, findApiKey, touchApiKey, workspace, () => ({ kind: 'api_key', keyId: key.id }));
    const token = parseAccessToken(bearer);
    if (token === null) return null;
    return this.#find(token, findAccessToken, null, workspace, ({ source, source_id }) => ({
      kind: 'access_token', tokenId: token.id, source: source ?? 'client', sourceId: source_id ?? '',
    }));
  }

  /** The principal as they are now, for what was asked for before and is done now. Null: no longer there, or disabled. */
  async byId(tenantId: string, principalId: string, workspaceId: string, via: Via): Promise<Principal | null> {
    return this.#database.forTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne<CredentialRow>(findPrincipalById, [tenantId, principalId]);
      return row === undefined ? null : principalOf(tx, tenantId, { ...row, workspace_id: workspaceId }, via, undefined);
    });
  }

  /**
   * The workspaces in which a principal found before has `permission` now: a session in all that it may choose, a key or token in the one it
   * asked in. Null: may no longer ask at all (signed out, expired, disabled, no such role left). Does not count as use.
   */
  async workspacesWith(permission: PermissionName, { tenantId, workspaceId, id, via }: Principal): Promise<ReadonlySet<string> | null> {
    const [statement, credentialId] = heldBy(via);
    // A click, or a change that is carried out, is one moment: nobody stays signed in by it.
    if (statement === null) return null;
    return this.#database.forTenant(tenantId, async (tx) => {
      const credential = await tx.maybeOne<CredentialRow>(statement, [tenantId, credentialId]);
      if (credential === undefined) return null;
      const memberships = await tx.rows<Omit<MembershipRow, 'is_home' | 'is_archived'>>(listMemberships, [tenantId, id]);
      const held = memberships.filter((one) => (via.kind === 'session' || one.workspace_id === workspaceId) && allOf(one, credential.scopes).has(permission));
      return held.length === 0 ? null : new Set(held.map((one) => one.workspace_id));
    });
  }

  #find(token: ParsedToken, find: Statement, touch: Statement | null, workspace: string | undefined, viaOf: (row: CredentialRow) => Via): Promise<Principal | null> {
    return this.#database.forTenant(token.tenantId, async (tx) => {
      const row = await tx.maybeOne<CredentialRow>(find, [token.tenantId, token.id]);
      if (row === undefined || !sameDigest(row.secret_sha256, token.secretSha256)) return null;
      // Once a minute is enough to know an idle session, and spares a write per request.
      if (row.stale && touch !== null) await tx.change(touch, [token.tenantId, token.id]);
      return principalOf(tx, token.tenantId, row, viaOf(row), workspace);
    });
  }
}

function heldBy(via: Via): readonly [Statement | null, string] {
  if (via.kind === 'session') return [findSession, via.sessionId];
  if (via.kind === 'api_key') return [findApiKey, via.keyId];
  if (via.kind === 'access_token') return [findAccessToken, via.tokenId];
  return [null, ''];
}

async function principalOf(tx: Transaction, tenantId: string, row: CredentialRow, via: Via, named: string | undefined): Promise<Principal> {
  const membership = await membershipOf(tx, tenantId, row, via, named);
  const { workspace_id, roles, custom_permissions, is_home, is_archived } = membership;
  return {
    tenantId, workspaceId: workspace_id, id: row.principal_id, kind: row.kind, displayName: row.display_name,
    roles, customPermissions: custom_permissions, scopes: row.scopes, isInHomeWorkspace: is_home, isInArchivedWorkspace: is_archived,
    permissions: allOf(membership, row.scopes),
    authStrength: row.auth_strength, signedInAt: row.signed_in_at,
    auth: row.method === null ? null : { method: row.method, idp: row.idp, acr: row.acr, amr: row.amr },
    via,
  };
}

/** A key or token works in the workspace that it was made for and in no other; a session prefers the one that was chosen last. */
async function membershipOf(tx: Transaction, tenantId: string, row: CredentialRow, via: Via, named: string | undefined): Promise<MembershipRow> {
  const [only, preferred] = via.kind === 'session' ? [null, row.workspace_id] : [row.workspace_id, null];
  if (named === undefined) return tx.one<MembershipRow>(findMembershipIn, [tenantId, row.principal_id, only, preferred]);
  if (only !== null && only !== named) throw noSuchWorkspace();
  const found = await tx.maybeOne<MembershipRow>(findMembershipIn, [tenantId, row.principal_id, named, null]);
  if (found !== undefined && found.roles.length + found.custom_permissions.length > 0) return found;
  // Who has no role anywhere is at home without one, and may say so.
  const usual = await tx.one<MembershipRow>(findMembershipIn, [tenantId, row.principal_id, only, preferred]);
  if (usual.workspace_id !== named) throw noSuchWorkspace();
  return usual;
}

/** What the roles of a membership give together, cut to the scopes. */
function allOf({ roles, custom_permissions }: Pick<MembershipRow, 'roles' | 'custom_permissions'>, scopes: readonly PermissionName[] | null): ReadonlySet<PermissionName> {
  const held = new Set([...permissionsOf(roles), ...custom_permissions]);
  return scopes === null ? held : new Set(scopes.filter((scope) => held.has(scope)));
}

function noSuchWorkspace(): ApiError {
  return new ApiError('not_found', 'There is no such workspace.');
}
