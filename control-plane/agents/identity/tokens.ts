import { writeEnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { auditBy } from '../../access/audit.ts';
import type { Principal } from '../../identity/principal.ts';
import { newSecret } from '../../identity/tokens.ts';
import { insertToken, listTokens, revokeToken } from './repository-tokens.ts';
import type { TokenRow } from './repository-tokens.ts';

/** What a token tells an agent of the cell: where it is, and by what it is known. */
export interface CellIdentity {
  readonly url: string;
  /** Hex, of the DER of the cell's certificate authority. */
  readonly ca_sha256: string;
}

export interface TokensParts {
  readonly database: Database;
  readonly clock: Clock;
  /** @throws ApiError `agents_not_configured`, `unavailable` */
  readonly cell: () => CellIdentity;
}

/** As long as SPIRE's join tokens: a person carries it from one window to another. */
const LIFE_S = 600;

/** The tokens that enrol agents, one each. */
export class EnrolmentTokens {
  readonly #parts: TokensParts;

  constructor(parts: TokensParts) {
    this.#parts = parts;
  }

  /** `token` is told once, and kept as a digest. @throws ApiError `agents_not_configured`, `unavailable`, `not_found` */
  async create(principal: Principal, poolId: string): Promise<{ readonly row: TokenRow; readonly token: string }> {
    const { database, clock } = this.#parts;
    const cell = this.#parts.cell();
    const { tenantId, workspaceId } = principal;
    const id = newId('enrolment_token');
    const { secret, sha256 } = newSecret();
    const row = await database.forTenant(tenantId, async (tx) => {
      const made = await tx.maybeOne<TokenRow>(insertToken, [tenantId, id, poolId, workspaceId, sha256, principal.id, LIFE_S]);
      if (made === undefined) throw new ApiError('not_found', 'There is no such pool of agents in this workspace.');
      await auditBy(tx, clock, principal, {
        type: 'agent.enrolment_token_created', subject: { kind: 'enrolment_token', id },
        data: { token_id: id, pool_id: poolId, pool: made.pool, expires_at: made.expires_at.toISOString() },
      });
      return made;
    });
    return { row, token: writeEnrolmentToken({ ...cell, tenant_id: tenantId, id, secret }) };
  }

  /** Of the workspace, the newest first, 200 at most. */
  list({ tenantId, workspaceId }: Principal): Promise<TokenRow[]> {
    return this.#parts.database.forTenant(tenantId, (tx) => tx.rows<TokenRow>(listTokens, [tenantId, workspaceId]));
  }

  /** @throws ApiError `not_found` where there is none that could still be used */
  async revoke(principal: Principal, id: string): Promise<void> {
    const { database, clock } = this.#parts;
    const { tenantId, workspaceId } = principal;
    await database.forTenant(tenantId, async (tx) => {
      const pool = await tx.maybeOne<{ pool_id: string; pool: string }>(revokeToken, [tenantId, id, workspaceId]);
      if (pool === undefined) throw new ApiError('not_found', 'There is no such token that could still be used. Of one that was used, revoke the agent.');
      await auditBy(tx, clock, principal, { type: 'agent.enrolment_token_revoked', subject: { kind: 'enrolment_token', id }, data: { token_id: id, ...pool } });
    });
  }
}
