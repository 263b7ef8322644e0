import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../access/ports.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { findMembershipIn } from '../identity/queries.ts';
import type { MembershipRow } from '../identity/queries.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { OauthError } from './oauth-error.ts';
import { federationsOf, findTenantNamed, touchFederation, useTokenId } from './repository-federations.ts';
import type { FederationRow } from './repository-federations.ts';
import { checkToken, claimedIssuer } from './token-check.ts';
import type { FailedCheck } from './token-check.ts';
import type { TokenExchange } from './token-endpoint.ts';
import { issueAccessToken } from './token-issuer.ts';
import type { IssuedToken } from './token-issuer.ts';

export interface ExchangeParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly issuerKeys: IssuerKeys;
  /** How often refusals are audited. */
  readonly refusals: RateLimit;
  readonly tenantStates: TenantStates;
}

type Refused = FailedCheck | 'untrusted' | 'used_before';

/** Exchanges a token of an issuer that a tenant trusts for an access token of ours (RFC 8693). Why one is refused is for the audit, not for whoever sent it. */
export class Exchange {
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** @throws OauthError `invalid_grant`, `invalid_scope` */
  async exchange({ tenant, subjectToken, scope }: TokenExchange): Promise<IssuedToken> {
    const { database, clock } = this.#parts;
    const found = await database.forNoTenant((tx) => tx.maybeOne<{ tenant_id: string }>(findTenantNamed, [tenant]));
    const issuer = claimedIssuer(subjectToken);
    if (found === undefined || issuer === null) throw notAccepted();
    const { tenant_id: tenantId } = found;
    await this.#parts.tenantStates.refuseUnlessServed(tenantId);
    const trusted = await this.#firstThatTrusts(tenantId, issuer, subjectToken);
    if ('refused' in trusted) return this.#refuse(tenantId, trusted);
    const { federation, claims } = trusted;
    const issued = await database.forTenant(tenantId, async (tx) => {
      if (!await isFirstUse(tx, tenantId, federation.id, claims)) return null;
      await tx.change(touchFederation, [tenantId, federation.id]);
      const source = {
        kind: 'federation', id: federation.id, principalId: federation.principal_id, scopes: federation.scopes, workspaceId: federation.workspace_id, ttl_s: federation.token_ttl_s,
        claimsDigest: digestOf({ iss: claims.iss ?? '', sub: claims.sub ?? '', iat: claims.iat ?? 0, jti: claims.jti ?? '' }),
      } as const;
      return issueAccessToken(tx, clock, tenantId, source, scope);
    });
    return issued ?? this.#refuse(tenantId, { refused: 'used_before', federationId: federation.id });
  }

  async #firstThatTrusts(tenantId: string, issuer: string, token: string): Promise<{ federation: FederationRow; claims: JWTPayload } | { refused: Refused; federationId: string | null }> {
    const rows = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<FederationRow>(federationsOf, [tenantId, issuer]));
    let refused: { refused: Refused; federationId: string | null } = { refused: 'untrusted', federationId: null };
    for (const federation of rows) {
      const checked = await checkToken(token, federation, this.#parts.issuerKeys);
      if ('claims' in checked) return { federation, claims: checked.claims };
      refused = { refused: checked.failed[0]?.check ?? 'signature', federationId: federation.id };
    }
    return refused;
  }

  async #refuse(tenantId: string, { refused, federationId }: { readonly refused: Refused; readonly federationId: string | null }): Promise<never> {
    const allowed = this.#parts.refusals.take(`federation/${tenantId}`);
    if (allowed !== null) {
      await this.#parts.database.forTenant(tenantId, async (tx) => {
        const { workspace_id } = await tx.one<MembershipRow>(findMembershipIn, [tenantId, '', null, null]);
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'federation.refused', tenant_id: tenantId, workspace_id, run_id: null, actor: { kind: 'system', id: 'control-plane' },
          subject: federationId === null ? { kind: 'tenant', id: tenantId } : { kind: 'federation', id: federationId },
          data: { code: refused, suppressed_count: allowed.suppressed_count },
        });
      });
    }
    throw notAccepted();
  }
}

/** A token with an id is exchanged once. The raw token would be no such id: some of its texts decode to the same bytes. */
async function isFirstUse(tx: Transaction, tenantId: string, federationId: string, { jti, exp }: JWTPayload): Promise<boolean> {
  if (jti === undefined) return true;
  return await tx.change(useTokenId, [tenantId, federationId, hash('sha256', jti, 'hex'), new Date((exp ?? 0) * 1_000)]) === 1;
}

function notAccepted(): OauthError {
  return new OauthError('invalid_grant', 'The token is not accepted here.');
}
