import { CIRCUIT_RULES, HEALTHY } from './health-store.ts';
import type { Circuit, CircuitRules, HealthView, InstanceHealthStore, InstanceKey } from './health-store.ts';
import { learntLimitOf, retryAfterMsOf } from './learnt-limits.ts';

/** Why a call may not go to its instance now. Nothing was sent; the same call is right again after `retryAfterMs`. */
export interface NotNow {
  readonly code: 'circuit_open' | 'instance_rate_limited';
  readonly message: string;
  readonly retryAfterMs: number;
}

export interface InstanceGuardOptions {
  readonly store: InstanceHealthStore;
  readonly rules?: CircuitRules;
  /** For how long what was read is believed: the price of sharing health is one small statement per instance and this time. */
  readonly believedForMs?: number;
  readonly onCircuitChange?: (key: InstanceKey, change: { readonly from: Circuit; readonly to: Circuit; readonly code: string | null }) => void;
  /** Epoch milliseconds, for resets that peers give as dates. */
  readonly now: () => number;
}

interface Known {
  view: HealthView;
  /** By `performance.now()`. */
  readAt: number;
  /** Requests that are not yet in the shared count. */
  used: number;
  reading: Promise<void> | null;
}

const MAX_KNOWN = 10_000;
const PROBE_TAKEN_RETRY_MS = 1_000;
const UNSAID_RETRY_MS = 1_000;
/** The peer is there, but cannot: these say nothing about the request. 500 may be about one record, so it does not count. */
const DOWN = new Set([502, 503, 504, 529]);

/**
 * Keeps calls away from an instance that is down or has asked for silence, and notices when it is back. What one worker learns, all
 * know a moment later. A healthy instance without limits costs one cached read.
 */
export class InstanceGuard {
  readonly #store: InstanceHealthStore;
  readonly #rules: CircuitRules;
  readonly #believedForMs: number;
  readonly #options: InstanceGuardOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: InstanceGuardOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#rules = options.rules ?? CIRCUIT_RULES;
    this.#believedForMs = options.believedForMs ?? 250;
  }

  /** Null when the call may go on. `requestsPerMinute`: what the manifest declares or the instance's settings allow, until the peer teaches something else. */
  async admit(key: InstanceKey, requestsPerMinute: number | null): Promise<NotNow | null> {
    const known = await this.#fresh(key, requestsPerMinute);
    const age = performance.now() - known.readAt;
    const { blockedForMs, window, circuit, probeInMs, lastFailureCode } = known.view;
    if (blockedForMs > age) return { code: 'instance_rate_limited', message: 'The instance has asked for silence (429).', retryAfterMs: Math.ceil(blockedForMs - age) };
    if (window !== null && window.endsInMs > age && window.count + known.used >= window.limit) {
      const whose = window.source === 'peer' ? 'the instance bears' : 'its settings or its connector\'s manifest allow';
      return { code: 'instance_rate_limited', message: `All ${window.limit} requests that ${whose} in this window are used.`, retryAfterMs: Math.ceil(window.endsInMs - age) };
    }
    if (circuit === 'closed') return null;
    if (probeInMs > age) return circuitOpen(lastFailureCode, probeInMs - age);
    const mine = await this.#store.takeProbe(key, this.#rules);
    this.#forget(key);
    return mine ? null : circuitOpen(lastFailureCode, PROBE_TAKEN_RETRY_MS);
  }

  /** The peer answered one request. */
  async answered(key: InstanceKey, status: number, headers: Readonly<Record<string, string>>): Promise<void> {
    const known = this.#entry(key);
    known.used += 1;
    const now_ms = this.#options.now();
    const limit = learntLimitOf(headers, now_ms);
    if (limit !== null && teachesSomething(known, limit)) await this.#changing(key, () => this.#store.learnt(key, limit));
    if (status === 429) await this.#changing(key, () => this.#store.blocked(key, retryAfterMsOf(headers, now_ms, UNSAID_RETRY_MS)));
    else if (DOWN.has(status)) await this.unreachable(key, `http_${status}`);
    else if (known.view.circuit !== 'closed' || known.view.failing) await this.#tell(key, null, () => this.#store.succeeded(key));
  }

  /** The peer did not answer one request. `code` names how: it is shown to operators. Gives what the circuit is after it. */
  async unreachable(key: InstanceKey, code: string): Promise<Circuit> {
    this.#entry(key).used += 1;
    return this.#tell(key, code, () => this.#store.failed(key, code, this.#rules));
  }

  async #tell(key: InstanceKey, code: string | null, change: () => Promise<{ from: Circuit; to: Circuit }>): Promise<Circuit> {
    const { from, to } = await this.#changing(key, change);
    if (from !== to) this.#options.onCircuitChange?.(key, { from, to, code });
    return to;
  }

  async #changing<T>(key: InstanceKey, change: () => Promise<T>): Promise<T> {
    const result = await change();
    this.#forget(key);
    return result;
  }

  /** What is known, not older than it may be believed. Calls that need it at the same moment read it together. */
  async #fresh(key: InstanceKey, manifestLimit: number | null): Promise<Known> {
    const known = this.#entry(key);
    if (performance.now() - known.readAt < this.#believedForMs) return known;
    known.reading ??= this.#read(key, known, manifestLimit).finally(() => { known.reading = null; });
    await known.reading;
    return known;
  }

  async #read(key: InstanceKey, known: Known, manifestLimit: number | null): Promise<void> {
    const used = known.used;
    const readAt = performance.now();
    known.view = await this.#store.refresh(key, used, manifestLimit);
    known.readAt = readAt;
    known.used -= used;
  }

  #entry(key: InstanceKey): Known {
    const name = `${key.tenantId}/${key.instanceId}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const made: Known = { view: HEALTHY, readAt: Number.NEGATIVE_INFINITY, used: 0, reading: null };
    this.#known.set(name, made);
    return made;
  }

  /** The next call reads anew. Requests not yet counted are kept. */
  #forget(key: InstanceKey): void {
    this.#entry(key).readAt = Number.NEGATIVE_INFINITY;
  }
}

/** Counting our own requests against a known limit needs no write per answer; news are another limit, another window, or fewer left than we thought. */
function teachesSomething({ view, used }: Known, { limit, remaining, resetsInMs }: { limit: number; remaining: number | null; resetsInMs: number }): boolean {
  const { window } = view;
  if (window === null || window.source !== 'peer' || window.limit !== limit) return true;
  if (Math.abs(window.endsInMs - resetsInMs) > NEW_WINDOW_MS) return true;
  return remaining !== null && limit - remaining > window.count + used;
}

/** A window's end moves by what time has passed since it was read; a jump is a new window. */
const NEW_WINDOW_MS = 5_000;

function circuitOpen(code: string | null, retryAfterMs: number): NotNow {
  return {
    code: 'circuit_open',
    message: `The instance is not answering (${code ?? 'unknown'}), so nothing is sent to it now; one call tries again soon.`,
    retryAfterMs: Math.ceil(Math.max(retryAfterMs, 1)),
  };
}
