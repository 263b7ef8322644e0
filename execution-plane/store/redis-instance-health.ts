import type { Circuit, CircuitRules, HealthView, InstanceHealthStore, InstanceKey, LearntLimit } from '@countersign/connectors/gateway/health/health-store.ts';
import { CacheError } from '@countersign/platform/cache/errors.ts';
import type { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import { FORGET, KEEP, KEYS, PAY } from './health-scripts.ts';

/** For how long a view is believed that nobody has said is out of date: a worker that cannot reach Redis cannot say so. */
const VIEW_TTL_MS = 2_000;
/** Requests are counted ahead in parts of the window's limit, and not many at once: what a lost Redis held is lost from the window. */
const REFILL_PARTS = 20;
const LARGEST_REFILL = 50;
/** A purse ends before its window does, by whatever clock. */
const WINDOW_MARGIN_MS = 1_000;
const MAX_LIMITS = 10_000;

/**
 * Health of instances for many workers: Postgres decides and counts, and Redis spares it most of the asking. A change goes to Postgres and
 * makes what Redis holds invalid. Requests are counted in Postgres some at a time, before they are made, and paid out of Redis. So
 * a Redis that is gone, cut off from some workers or restarted empty costs statements and requests that were counted and never made, and
 * never allows more than the limit or a call that the circuit forbids.
 */
export class RedisInstanceHealth implements InstanceHealthStore {
  readonly #cache: Pick<RedisCache, 'run'>;
  readonly #postgres: InstanceHealthStore;
  /** The last limit of an instance that is known: how much to count ahead. */
  readonly #limits = new Map<string, number>();

  constructor(cache: Pick<RedisCache, 'run'>, postgres: InstanceHealthStore) {
    this.#cache = cache;
    this.#postgres = postgres;
  }

  async refresh(key: InstanceKey, used: number, manifestLimit: number | null): Promise<HealthView> {
    const kept = await orWithout(async () => paidOf(await this.#cache.run(PAY, keysOf(key), [used])));
    if (kept?.view) return kept.view;
    // Without Redis, or with an answer that never came, everything counts: perhaps twice, never not at all.
    if (kept === undefined) return this.#postgres.refresh(key, used, manifestLimit);
    const refill = used > 0 ? this.#refillOf(key, manifestLimit) : 0;
    const view = await this.#postgres.refresh(key, used + refill, manifestLimit);
    this.#remember(key, view);
    const left = await orWithout(async () => leftOf(await this.#cache.run(KEEP, keysOf(key), valuesOf(kept.generation, view, refill))));
    return left === undefined || left === null ? view : withCount(view, left.count - left.left);
  }

  failed(key: InstanceKey, code: string, rules: CircuitRules): Promise<{ from: Circuit; to: Circuit }> {
    return this.#changing(key, () => this.#postgres.failed(key, code, rules));
  }

  succeeded(key: InstanceKey): Promise<{ from: Circuit; to: Circuit }> {
    return this.#changing(key, () => this.#postgres.succeeded(key));
  }

  takeProbe(key: InstanceKey, rules: CircuitRules): Promise<boolean> {
    return this.#changing(key, () => this.#postgres.takeProbe(key, rules));
  }

  blocked(key: InstanceKey, forMs: number): Promise<void> {
    return this.#changing(key, () => this.#postgres.blocked(key, forMs));
  }

  learnt(key: InstanceKey, limit: LearntLimit): Promise<void> {
    return this.#changing(key, () => this.#postgres.learnt(key, limit));
  }

  async #changing<T>(key: InstanceKey, change: () => Promise<T>): Promise<T> {
    const result = await change();
    await orWithout(() => this.#cache.run(FORGET, keysOf(key), []));
    return result;
  }

  #refillOf({ tenantId, instanceId }: InstanceKey, manifestLimit: number | null): number {
    const limit = this.#limits.get(`${tenantId}/${instanceId}`) ?? manifestLimit ?? 0;
    return Math.min(Math.floor(limit / REFILL_PARTS), LARGEST_REFILL);
  }

  #remember({ tenantId, instanceId }: InstanceKey, { window }: HealthView): void {
    if (this.#limits.size >= MAX_LIMITS) this.#limits.clear();
    if (window !== null) this.#limits.set(`${tenantId}/${instanceId}`, window.limit);
  }
}

/** Undefined when Redis did not do it. */
async function orWithout<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CacheError) return undefined;
    throw error;
  }
}

/** The braces make a cluster keep them together. */
function keysOf({ tenantId, instanceId }: InstanceKey): string[] {
  return KEYS.map((name) => `countersign:health:{${tenantId}/${instanceId}}:${name}`);
}

function paidOf(answer: unknown): { generation: string; view: HealthView | null } {
  const [generation, json, ageMs = 0, count = 0, left = 0] = answer as [string, string | null, number?, number?, number?];
  if (json === null) return { generation, view: null };
  const view = aged(JSON.parse(json) as HealthView, ageMs);
  // A window that has ended since is begun anew by Postgres.
  return { generation, view: view === null ? null : withCount(view, count - left) };
}

/** The same view `ageMs` later; null when its window is over. */
function aged(view: HealthView, ageMs: number): HealthView | null {
  const left = (ms: number): number => Math.max(0, ms - ageMs);
  if (view.window !== null && view.window.endsInMs <= ageMs) return null;
  return { ...view, probeInMs: left(view.probeInMs), blockedForMs: left(view.blockedForMs), window: view.window === null ? null : { ...view.window, endsInMs: left(view.window.endsInMs) } };
}

function leftOf(answer: unknown): { count: number; left: number } | null {
  if (!Array.isArray(answer)) return null;
  const [count, left] = answer as [number, number];
  return { count, left };
}

function valuesOf(generation: string, view: HealthView, refill: number): Array<string | number> {
  const { window } = view;
  const ttlMs = window === null ? VIEW_TTL_MS : Math.max(1, Math.min(VIEW_TTL_MS, Math.floor(window.endsInMs)));
  return [generation, JSON.stringify(view), window?.count ?? 0, ttlMs, window === null ? '' : `${window.source}:${window.limit}`, Math.floor((window?.endsInMs ?? 0) - WINDOW_MARGIN_MS), refill];
}

function withCount(view: HealthView, count: number): HealthView {
  return view.window === null ? view : { ...view, window: { ...view.window, count: Math.max(0, count) } };
}
