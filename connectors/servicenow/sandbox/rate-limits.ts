/**
 * Inbound REST rate limits: rules per user, per role or for all, counted per user in windows of one hour.
 * Source: ServiceNow documentation, "Inbound REST API rate limiting": a rule for one user overrides a rule for a role,
 * which overrides a rule for all; of several role rules the lowest applies. There is no "remaining" header.
 * Unlike an instance, which flushes its counts every 30 s, the sandbox counts at once.
 */
import { TableApiError } from './errors.ts';
import { newSysId } from './store.ts';
import type { Principal } from './principals.ts';

export interface RateLimitRule {
  sys_id: string;
  requests_per_hour: number;
  /** At most one of the two; neither means all users. */
  user?: string;
  role?: string;
  method?: string;
  table?: string;
  /** The window, 3600 unless a test wants it shorter. */
  window_s: number;
}

export class RateLimits {
  readonly #now: () => Date;
  #rules: RateLimitRule[] = [];
  readonly #counts = new Map<string, { window: number; count: number }>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  rules(): readonly RateLimitRule[] {
    return this.#rules;
  }

  /** Replaces all rules and forgets what was counted. */
  setRules(rules: ReadonlyArray<Omit<RateLimitRule, 'sys_id' | 'window_s'> & { window_s?: number }>): readonly RateLimitRule[] {
    this.#counts.clear();
    this.#rules = rules.map((rule) => ({ window_s: 3600, ...rule, sys_id: newSysId() }));
    return this.#rules;
  }

  /** Counts a request. Returns the headers to answer with; throws 429 where the rule's limit is passed. */
  count(principal: Principal, method: string, table: string): Record<string, string> {
    const rule = this.#applying(principal, method, table);
    if (rule === undefined) return {};
    const now_s = Math.floor(this.#now().getTime() / 1000);
    const window = Math.floor(now_s / rule.window_s);
    const reset_s = (window + 1) * rule.window_s;
    const key = `${rule.sys_id}/${principal.user_name}`;
    const counted = this.#counts.get(key);
    const count = counted?.window === window ? counted.count + 1 : 1;
    this.#counts.set(key, { window, count });
    const headers = { 'x-ratelimit-limit': String(rule.requests_per_hour), 'x-ratelimit-reset': String(reset_s), 'x-ratelimit-rule': rule.sys_id };
    if (count <= rule.requests_per_hour) return headers;
    const detail = `Rate limit of ${rule.requests_per_hour} requests per hour for Table API exceeded`;
    throw new TableApiError(429, 'Rate limit exceeded', detail, { ...headers, 'retry-after': String(reset_s - now_s) });
  }

  #applying(principal: Principal, method: string, table: string): RateLimitRule | undefined {
    const matching = this.#rules.filter((rule) => (rule.method ?? method) === method && (rule.table ?? table) === table);
    const byRole = matching.filter((rule) => rule.user === undefined && principal.roles.some((role) => role === rule.role));
    return (
      matching.find((rule) => rule.user === principal.user_name) ??
      byRole.toSorted((left, right) => left.requests_per_hour - right.requests_per_hour)[0] ??
      matching.find((rule) => rule.user === undefined && rule.role === undefined)
    );
  }
}
