import { isPublisherJwk, publisherKid, signersOf, verifyPackage } from '@countersign/contracts/connectors/package/signature.ts';
import type { PublisherJwk, SignedPackage } from '@countersign/contracts/connectors/package/signature.ts';
import type { PackageStatement } from '@countersign/contracts/connectors/package/package.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { findTrustedPublishers, listPublishers, revokePublisher, trustPublisher } from './repository-publishers.ts';
import type { PublisherRow } from './repository-publishers.ts';

export interface PublishersParts {
  readonly database: Database;
  readonly clock: Clock;
}

/** Whose signature makes a connector package publishable. Each tenant decides for itself. */
export class Publishers {
  readonly #parts: PublishersParts;

  constructor(parts: PublishersParts) {
    this.#parts = parts;
  }

  async listPublishers({ principal }: Call<'listPublishers'>): Promise<Answer<'listPublishers'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<PublisherRow>(listPublishers, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(shown) } };
  }

  async trustPublisher({ principal, body }: Call<'trustPublisher'>): Promise<Answer<'trustPublisher'>> {
    const jwk = body.public_jwk as unknown;
    if (!isPublisherJwk(jwk)) throw new ApiError('request_invalid', 'This is no Ed25519 public key.', { errors: [{ field: '/public_jwk', code: 'invalid', message: 'Send the `public_jwk` that `countersign connector key` prints.' }] });
    const row = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const trusted = await tx.one<PublisherRow>(trustPublisher, [principal.tenantId, publisherKid(jwk), body.name, JSON.stringify(jwk), principal.id]);
      await this.#audit(tx, principal, 'connector.publisher_trusted', trusted);
      return trusted;
    });
    return { status: 201, body: shown(row) };
  }

  async revokePublisher({ principal, path }: Call<'revokePublisher'>): Promise<Answer<'revokePublisher'>> {
    const row = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const revoked = await tx.maybeOne<PublisherRow>(revokePublisher, [principal.tenantId, path.kid]);
      if (revoked === undefined) throw new ApiError('not_found', `No publisher's key is named ${path.kid} here.`);
      await this.#audit(tx, principal, 'connector.publisher_revoked', revoked);
      return revoked;
    });
    return { status: 200, body: shown(row) };
  }

  #audit(tx: Transaction, principal: Principal, type: 'connector.publisher_trusted' | 'connector.publisher_revoked', { kid, name }: PublisherRow): Promise<unknown> {
    return appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'connector_publisher', id: kid }, data: { name },
    });
  }
}

/**
 * What a trusted publisher says of a package, and which.
 * @throws ApiError `publisher_untrusted`, `package_signature_invalid`
 */
export async function verifiedStatement(tx: Transaction, tenantId: string, signature: SignedPackage): Promise<{ readonly kid: string; readonly statement: PackageStatement }> {
  const trusted = await tx.rows<{ kid: string; public_jwk: PublisherJwk }>(findTrustedPublishers, [tenantId, signersOf(signature)]);
  if (trusted.length === 0) throw new ApiError('publisher_untrusted', `The package is signed by ${signersOf(signature).join(', ')}, which is trusted here by nobody. An admin can change that: countersign connector trust FILE.pub --name NAME.`);
  for (const { kid, public_jwk } of trusted) {
    const statement = verifyPackage(signature, public_jwk);
    if (statement !== null) return { kid, statement };
  }
  throw new ApiError('package_signature_invalid', 'The signature is not one by the key that it names over what was sent.');
}

function shown({ kid, name, trusted_at, revoked_at }: PublisherRow): { kid: string; name: string; trusted_at: string; revoked_at: string | null } {
  return { kid, name, trusted_at: trusted_at.toISOString(), revoked_at: revoked_at?.toISOString() ?? null };
}
