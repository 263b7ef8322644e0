import type { DecidingBundle, FailClosedRule } from '@countersign/contracts/policy/decision.ts';
import { activate } from './active-policy.ts';
import type { ActivePolicy } from './active-policy.ts';
import { BundleError } from './bundle/errors.ts';
import { verifyBundle } from './bundle/verify.ts';
import type { BundleSource } from './bundle-source.ts';
import { PdpError } from './errors.ts';
import type { PdpOptions } from './pdp-options.ts';
import type { PdpStatus } from './pdp-status.ts';
import { processEvaluators } from './process-evaluators.ts';
import { createRefreshLoop } from './refresh-loop.ts';

/** The policy that decides, or why none does. */
export type Held = { readonly policy: ActivePolicy; readonly bundle: DecidingBundle } | { readonly rule: FailClosedRule; readonly message: string };

/** Holds the one bundle that decides, and replaces it only by a better one. */
export interface BundleHolder {
  current(at: Date): Held;
  status(): PdpStatus;
  refresh(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A source that does not answer must neither keep the next refresh from being tried nor the process from ending. */
const SOURCE_TIMEOUT_MS = 30_000;

/** A failed refresh is tried again sooner than a good one is repeated. */
const FIRST_RETRY_MS = 1_000;

export function createBundleHolder(options: PdpOptions): BundleHolder {
  return new Holder(options);
}

/** When a refresh last proved that what is held is what the source has, and until when that is enough. */
interface Confirmed {
  readonly at: Date;
  readonly expires_ms: number;
  /** RFC 3339. */
  readonly expires_at: string;
}

class Holder implements BundleHolder {
  readonly #options: PdpOptions;
  readonly #loop: { start(): Promise<void>; stop(): Promise<void> };
  #policy: ActivePolicy | null = null;
  #confirmed: Confirmed | null = null;
  #refreshedAt: Date | null = null;
  #failure: { readonly at: Date; readonly code: string; readonly message: string } | null = null;
  readonly #refreshes = { succeeded: 0, failed: 0 };
  #refreshing: Promise<boolean> | null = null;
  readonly #stopping = Promise.withResolvers<never>();

  constructor(options: PdpOptions) {
    this.#options = options;
    // Whoever is not waiting for the source when it is stopped need not hear of it.
    this.#stopping.promise.catch(() => {});
    this.#loop = createRefreshLoop({ run: () => this.#refreshOnce(), every_ms: options.refresh_ms, first_retry_ms: Math.min(FIRST_RETRY_MS, options.refresh_ms) });
  }

  current(at: Date): Held {
    const policy = this.#policy;
    const confirmed = this.#confirmed;
    if (policy === null || confirmed === null) return this.#nothingHeld();
    const bundle = describe(policy, confirmed, at);
    if (at.getTime() < confirmed.expires_ms) return { policy, bundle };
    return { rule: 'bundle_stale', message: `The policy bundle ${bundle.revision} (sequence ${bundle.seq}) could not be confirmed since ${confirmed.at.toISOString()} and decides no more${this.#because()}` };
  }

  status(): PdpStatus {
    const { tenant, scope, clock } = this.#options;
    const now = clock.now();
    const held = this.current(now);
    const bundle = this.#policy === null || this.#confirmed === null ? null : describe(this.#policy, this.#confirmed, now);
    const states: Partial<Record<FailClosedRule, PdpStatus['state']>> = { bundle_stale: 'stale', bundle_invalid: 'invalid' };
    return {
      tenant,
      scope,
      state: 'policy' in held ? 'fresh' : (states[held.rule] ?? 'missing'),
      bundle,
      age_ms: bundle?.age_ms ?? null,
      ttl_ms: this.#options.ttl_ms,
      refreshes: { ...this.#refreshes },
      time_left_ms: bundle === null ? 0 : Math.max(0, Date.parse(bundle.expires_at) - now.getTime()),
      last_refresh_at: this.#refreshedAt?.toISOString() ?? null,
      last_failure: this.#failure === null ? null : { ...this.#failure, at: this.#failure.at.toISOString() },
    };
  }

  async refresh(): Promise<void> {
    await this.#refreshOnce();
  }

  start(): Promise<void> {
    return this.#loop.start();
  }

  /** For good: a stopped decision point denies everything. */
  async stop(): Promise<void> {
    this.#stopping.reject(new PdpError('source_unavailable', 'the decision point is being stopped'));
    await this.#loop.stop();
    await this.#refreshing;
    const policy = this.#policy;
    this.#policy = null;
    await policy?.evaluator.close();
  }

  /** Two callers at once share one refresh. Gives whether it succeeded. */
  #refreshOnce(): Promise<boolean> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refreshNow(): Promise<boolean> {
    // Taken before the question is asked: an answer that took long is as old as its question.
    const asked = this.#options.clock.now();
    try {
      const answer = await this.#askSource();
      if (answer === 'not_modified') this.#confirm(asked);
      else await this.#take(answer.bytes, answer.etag, answer.confirmed_at ?? asked);
      this.#refreshedAt = asked;
      this.#failure = null;
      this.#refreshes.succeeded += 1;
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  async #askSource(): ReturnType<BundleSource['latest']> {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => timeout.reject(new PdpError('source_unavailable', `the source did not answer within ${SOURCE_TIMEOUT_MS} ms`)), SOURCE_TIMEOUT_MS);
    try {
      return await Promise.race([this.#options.source.latest(this.#policy?.etag ?? null), timeout.promise, this.#stopping.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #confirm(asked: Date): void {
    if (this.#policy === null) throw new BundleError('bundle_malformed', 'the source says not modified, but nothing is held yet');
    this.#confirmed = this.#confirmedAt(this.#policy, asked);
    this.#options.onEvent?.({ kind: 'bundle_confirmed', seq: this.#policy.bundle.claims.seq });
  }

  /** Verify, load beside it, probe, remember the sequence, swap: in this order, so that a failure changes nothing. */
  async #take(bytes: Uint8Array, etag: string, asked: Date): Promise<void> {
    const { tenant, scope, highestSeq, deadline_ms, clock, evaluators = processEvaluators() } = this.#options;
    const keys = typeof this.#options.keys === 'function' ? await this.#options.keys() : this.#options.keys;
    const verified = verifyBundle(bytes, { keys, tenant, scope, now: clock.now(), highestSeq: await this.#floor() });
    const before = this.#policy;
    if (before?.bundle.digest === verified.digest) {
      this.#policy = { ...before, etag };
      return this.#confirm(asked);
    }
    const policy = await activate(verified, etag, deadline_ms, evaluators);
    try {
      await highestSeq.put(verified.claims.seq);
    } catch (error) {
      await policy.evaluator.close();
      throw error;
    }
    this.#policy = policy;
    this.#confirmed = this.#confirmedAt(policy, asked);
    before?.evaluator.retire();
    this.#options.onEvent?.({ kind: 'bundle_activated', revision: verified.manifest.revision, seq: verified.claims.seq, digest: verified.digest });
  }

  /** Also what this process holds counts as seen, should the remembered sequence be lost under it. */
  async #floor(): Promise<number> {
    return Math.max(await this.#options.highestSeq.get(), this.#policy?.bundle.claims.seq ?? 0);
  }

  #fail(error: unknown): void {
    const code = error instanceof BundleError || error instanceof PdpError ? error.code : 'source_unavailable';
    const message = error instanceof Error ? error.message : 'unknown failure';
    this.#refreshes.failed += 1;
    this.#failure = { at: this.#options.clock.now(), code, message };
    this.#options.onEvent?.({ kind: 'refresh_failed', code, message });
  }

  #nothingHeld(): Held {
    // The newest there is had run out before it was first looked at: as stale as one that runs out while it is held.
    if (this.#failure?.code === 'bundle_expired') return { rule: 'bundle_stale', message: `The newest policy bundle decides no more${this.#because()}` };
    const invalid = this.#failure !== null && this.#failure.code !== 'source_unavailable';
    return invalid
      ? { rule: 'bundle_invalid', message: `There is no valid policy bundle${this.#because()}` }
      : { rule: 'bundle_missing', message: `There is no policy bundle yet${this.#because()}` };
  }

  #because(): string {
    return this.#failure === null ? '' : `: ${this.#failure.message} (${this.#failure.code})`;
  }

  /** It decides until its TTL after the last confirmation, and never past the expiry that was signed. */
  #confirmedAt({ bundle }: ActivePolicy, at: Date): Confirmed {
    const expires_ms = Math.min(at.getTime() + this.#options.ttl_ms, bundle.claims.exp * 1000);
    return { at, expires_ms, expires_at: new Date(expires_ms).toISOString() };
  }
}

function describe({ bundle }: ActivePolicy, confirmed: Confirmed, at: Date): DecidingBundle {
  return {
    revision: bundle.manifest.revision,
    seq: bundle.claims.seq,
    digest: bundle.digest,
    age_ms: Math.max(0, at.getTime() - confirmed.at.getTime()),
    expires_at: confirmed.expires_at,
  };
}
