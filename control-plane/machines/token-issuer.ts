import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import { findMembershipIn } from '../identity/queries.ts';
import type { MembershipRow } from '../identity/queries.ts';
import { accessToken, newSecret } from '../identity/tokens.ts';
import { OauthError } from './oauth-error.ts';
import { insertToken } from './repository-clients.ts';

/** What a token is issued by: a client or a federation. */
export interface TokenSource {
  readonly kind: 'client' | 'federation';
  readonly id: string;
  readonly principalId: string;
  readonly scopes: readonly PermissionName[];
  readonly workspaceId: string | null;
  readonly ttl_s: number;
  /** Of what was exchanged; null of a client's. */
  readonly claimsDigest: string | null;
}

export interface IssuedToken {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
}

/**
 * Issues an opaque token for what is asked of the source's scopes. Only its SHA-256 is stored.
 *
 * @throws OauthError `invalid_scope`
 */
export async function issueAccessToken(tx: Transaction, clock: Clock, tenantId: string, source: TokenSource, asked: string | undefined): Promise<IssuedToken> {
  const scopes = scopesOf(source.scopes, asked);
  const id = newId('access_token');
  const { secret, sha256 } = newSecret();
  const { expires_at } = await tx.one<{ expires_at: Date }>(insertToken, [
    tenantId, id, sha256, source.principalId, source.kind, source.id, scopes, source.workspaceId, source.claimsDigest, source.ttl_s,
  ]);
  const { workspace_id } = await tx.one<MembershipRow>(findMembershipIn, [tenantId, source.principalId, source.workspaceId, null]);
  await appendAudit(tx, {
    at: clock.now(), type: 'access_token.issued', tenant_id: tenantId, workspace_id, run_id: null,
    actor: { kind: 'service', id: source.principalId }, subject: { kind: 'access_token', id },
    data: { source: source.kind, source_id: source.id, scopes, expires_at: expires_at.toISOString(), claims_digest: source.claimsDigest },
  });
  return { access_token: accessToken(tenantId, id, secret), token_type: 'Bearer', expires_in: source.ttl_s, scope: scopes.join(' ') };
}

function scopesOf(held: readonly PermissionName[], asked: string | undefined): readonly PermissionName[] {
  if (asked === undefined || asked.trim() === '') return held;
  const names = asked.trim().split(/ +/);
  const given = held.filter((name) => names.includes(name));
  if (given.length !== new Set(names).size) throw new OauthError('invalid_scope', 'A scope is unknown, or was not given to this client.');
  return given;
}
