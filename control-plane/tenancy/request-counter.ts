import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { RateLimits } from '@countersign/platform/rate-limits/rate-limits.ts';
import type { LimitHeaders, RequestLimits } from '../access/ports.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { limitOf, ownLimitOf } from './effective-quota.ts';
import type { QuotaDefaults } from './effective-quota.ts';
import type { QuotaCache } from './quota-cache.ts';
import { limitHeaders } from './limit-headers.ts';
import type { CountedPolicy, PolicyName } from './limit-headers.ts';

export interface RequestCounterParts {
  readonly database: Database;
  readonly rateLimits: RateLimits;
  readonly quotas: QuotaCache;
  readonly defaults: QuotaDefaults;
  /** How many requests nobody known may send from one address in a minute. */
  readonly address_per_minute: number;
  readonly refusals: RateLimit;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Policy {
  readonly name: PolicyName;
  readonly key: string;
  readonly per_minute: number;
}

const MINUTE_S = 60;

/**
 * Counts requests: of a principal by key, workspace and tenant; of nobody known by address. The narrowest first, so that a key that is over
 * its limit takes nothing from its tenant. Where nobody can count, requests pass: a limit protects the others, and allows nothing.
 */
export class RequestCounter implements RequestLimits {
  readonly #parts: RequestCounterParts;
  #failing = false;

  constructor(parts: RequestCounterParts) {
    this.#parts = parts;
  }

  /** @throws ApiError `rate_limited`, whose member `policy` names the limit */
  async take(principal: Principal | null, address: string): Promise<LimitHeaders> {
    const counted = await this.#count(principal, address);
    if (counted === null) return {};
    const headers = limitHeaders(counted);
    const refused = counted.find(({ taken }) => !taken.allowed);
    if (refused === undefined) return headers;
    if (principal !== null) await this.#auditRefusal(principal, refused.name);
    throw new ApiError('rate_limited', `More than ${refused.per_minute} requests in a minute ${BY[refused.name]}.`, { headers, retryAfter_s: refused.taken.reset_s, members: { policy: refused.name } });
  }

  /** Null: nobody could count. */
  async #count(principal: Principal | null, address: string): Promise<CountedPolicy[] | null> {
    try {
      const policies = principal === null ? [this.#ofAddress(address)] : await this.#of(principal);
      const counted: CountedPolicy[] = [];
      for (const { name, key, per_minute } of policies) {
        const taken = await this.#parts.rateLimits.take(key, { points: per_minute, per_s: MINUTE_S });
        counted.push({ name, per_minute, taken });
        if (!taken.allowed) break;
      }
      if (this.#failing) this.#parts.log.warn('requests are counted again');
      this.#failing = false;
      return counted;
    } catch (error) {
      if (!this.#failing) this.#parts.log.error({ err: error }, 'requests cannot be counted: they pass without');
      this.#failing = true;
      return null;
    }
  }

  #ofAddress(address: string): Policy {
    return { name: 'address', key: `address/${address}`, per_minute: this.#parts.address_per_minute };
  }

  async #of(principal: Principal): Promise<Policy[]> {
    const { tenantId, workspaceId } = principal;
    const quotas = await this.#parts.quotas.find(tenantId);
    const limits: Array<Omit<Policy, 'per_minute'> & { per_minute: number | null }> = [
      { name: 'key', key: `${tenantId}/key/${credentialOf(principal)}`, per_minute: limitOf(quotas, this.#parts.defaults, 'requests_per_minute_per_key') },
      { name: 'workspace', key: `${tenantId}/workspace/${workspaceId}`, per_minute: ownLimitOf(quotas, 'requests_per_minute', workspaceId) },
      { name: 'tenant', key: `${tenantId}/tenant`, per_minute: limitOf(quotas, this.#parts.defaults, 'requests_per_minute') },
    ];
    return limits.flatMap(({ per_minute, ...policy }) => (per_minute === null ? [] : [{ ...policy, per_minute }]));
  }

  async #auditRefusal(principal: Principal, limit: PolicyName): Promise<void> {
    const allowed = this.#parts.refusals.take(`limit/${principal.tenantId}/${limit}`);
    if (allowed === null) return;
    await this.#parts.database.forTenant(principal.tenantId, (tx) => appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'limit.exceeded', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'principal', id: principal.id }, data: { limit, suppressed_count: allowed.suppressed_count },
    }));
  }
}

const BY: Readonly<Record<PolicyName, string>> = {
  key: 'by this key, token or session', workspace: 'in this workspace', tenant: 'by this tenant', address: 'without a valid key or session from this address',
};

function credentialOf({ via, id }: Principal): string {
  if (via.kind === 'session') return via.sessionId;
  if (via.kind === 'api_key') return via.keyId;
  // Tokens are short-lived and made at will: what they are made from counts.
  return via.kind === 'access_token' ? via.sourceId : id;
}

