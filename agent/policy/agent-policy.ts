import type { PolicyHeld, PollAnswer } from '@countersign/contracts/agent/protocol.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { GatewayLog } from '@countersign/connectors/gateway/parts.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import { createPdp } from '@countersign/platform/opa/pdp.ts';
import type { DecideOptions, Pdp } from '@countersign/platform/opa/pdp.ts';
import type { PdpEvent } from '@countersign/platform/opa/pdp-status.ts';
import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import type { EvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import type { TrustedClock } from '../clock/trusted-clock.ts';
import { within } from '../clock/waits.ts';
import type { HeldKeys } from '../orders/held-keys.ts';
import type { AgentPolicy, FetchBundle } from '../ports.ts';
import type { Spool } from '../spool/spool.ts';
import { KeptBundles } from './kept-bundle.ts';
import { ServedBundles } from './served-bundle.ts';

export interface AgentPolicyOptions {
  readonly tenantId: string;
  /** Of the environment that the agent was enrolled for. */
  readonly scope: string;
  readonly keys: HeldKeys;
  readonly spool: Spool;
  readonly clock: TrustedClock;
  readonly fetchBundle: FetchBundle;
  /** A bundle decides for so long after the cell last confirmed it. */
  readonly ttl_ms: number;
  readonly log: GatewayLog & { info(fields: object, message: string): void };
  /** What `held` says is another. */
  readonly changed: () => void;
  /** Default: one thread of its own, which is there while it is asked something. */
  readonly evaluators?: EvaluatorPool;
}

const REFRESH_MS = 300_000;
/** One evaluation may take this long, as in the cell. */
const DEADLINE_MS = 1_000;
/** An order that was decided by a newer bundle waits this long for it. */
const CATCH_UP_MS = 2_000;
/** A cell that is not there yet, or not there for a moment, is no news. */
const TOLD_AFTER = 2;
/** Without orders the thread that evaluates policy gives its memory back. */
const IDLE_MS = 60_000;

/**
 * The same policy as in the cell, by the same bytes: fetched over the agent's connection, verified by keys that came with its enrolment, never an older one than
 * it ever had, and no longer than its time. Whatever is missing is a denial, and a bundle that is refused is told.
 */
export function createAgentPolicy(options: AgentPolicyOptions): AgentPolicy {
  return new Policy(options);
}

class Policy implements AgentPolicy {
  readonly #options: AgentPolicyOptions;
  readonly #pdp: Pdp;
  readonly #kept: KeptBundles;
  readonly #bundles: ServedBundles;
  readonly #ownEvaluators: EvaluatorPool | null;
  /** What was refused last, so that it is told once; and under which digest it was served, so that it is not fetched again by every poll. */
  #refused: { readonly code: string; readonly served: string | null } | null = null;
  #served: string | null = null;
  #unanswered = 0;
  #noting: Promise<void> = Promise.resolve();

  constructor(options: AgentPolicyOptions) {
    const { tenantId, scope, keys, spool, clock, fetchBundle, ttl_ms } = options;
    this.#options = options;
    const kept = new KeptBundles(spool, scope);
    this.#kept = kept;
    this.#bundles = new ServedBundles({ scope, kept, fetchBundle, clock, keySetSeq: () => keys.seq });
    this.#ownEvaluators = options.evaluators === undefined ? createEvaluatorPool({ threads: 1, isolated_threads: 1, idle_ms: IDLE_MS }) : null;
    this.#pdp = createPdp({
      tenant: tenantId, scope, clock, ttl_ms, refresh_ms: REFRESH_MS, deadline_ms: DEADLINE_MS, source: this.#bundles,
      evaluators: options.evaluators ?? this.#ownEvaluators!,
      keys: async () => verificationKeys(keys.keys('policy_bundle').map(({ kid, algorithm, jwk }) => ({ kid, algorithm, public_jwk: jwk }))),
      highestSeq: { get: () => kept.highestSeq(), put: (seq) => kept.keepHighestSeq(seq) },
      onEvent: (event) => this.#noted(event),
    });
  }

  /** What was kept decides when this resolves, and the cell is asked beside it; where nothing is that can decide, the cell has been asked once. */
  async start(): Promise<void> {
    const kept = await this.#kept.read();
    if (kept !== null) {
      this.#bundles.beginWith(kept);
      await this.#pdp.refresh();
    }
    const asking = this.#pdp.start();
    if (this.#pdp.status().state !== 'fresh') await asking;
    await this.#noting;
  }

  decide(input: PolicyInput, options?: DecideOptions): Promise<PolicyDecision> {
    return this.#pdp.decide(input, options);
  }

  held(): readonly PolicyHeld[] {
    const { scope, state, bundle } = this.#pdp.status();
    return [{ scope, state, seq: bundle?.seq ?? null, digest: bundle?.digest ?? null, expires_at: bundle?.expires_at ?? null }];
  }

  told(served: PollAnswer['policy']): void {
    const digest = served.find(({ scope }) => scope === this.#options.scope)?.digest;
    const { state, bundle } = this.#pdp.status();
    if (digest === undefined || (digest === bundle?.digest && state === 'fresh') || digest === this.#refused?.served) return;
    this.#served = digest;
    void this.#pdp.refresh();
  }

  async seq(scope: string, atLeast: number): Promise<number | null> {
    if (scope !== this.#options.scope) return null;
    const held = this.#freshSeq();
    if (held !== null && held >= atLeast) return held;
    await within(CATCH_UP_MS, this.#pdp.refresh().then(() => this.#noting));
    return this.#freshSeq();
  }

  async close(): Promise<void> {
    await this.#pdp.stop();
    await this.#noting;
    await this.#ownEvaluators?.close();
  }

  #freshSeq(): number | null {
    const { state, bundle } = this.#pdp.status();
    return state === 'fresh' && bundle !== null ? bundle.seq : null;
  }

  #noted(event: PdpEvent): void {
    const noted = this.#note(event).catch((error: unknown) => this.#options.log.error({ err: error }, 'what became of a policy bundle could not be written down'));
    this.#noting = Promise.all([this.#noting, noted]).then(() => undefined);
    this.#options.changed();
  }

  async #note(event: PdpEvent): Promise<void> {
    const { spool, scope, log } = this.#options;
    if (event.kind === 'refresh_failed') return this.#notRefreshed(event.code, event.message);
    [this.#refused, this.#unanswered] = [null, 0];
    await this.#bundles.taken();
    if (event.kind === 'bundle_confirmed') return;
    log.info({ scope, seq: event.seq, revision: event.revision }, 'a policy bundle decides now');
    await spool.append('policy.changed', { scope, seq: event.seq, digest: event.digest });
  }

  /** That the cell cannot be asked is logged once; a bundle that does not verify is told. */
  async #notRefreshed(code: string, message: string): Promise<void> {
    const { spool, scope, log } = this.#options;
    if (code === 'source_unavailable') {
      this.#unanswered += 1;
      if (this.#unanswered === TOLD_AFTER) log.warn({ scope, code }, `policy could not be refreshed: ${message}`);
      return;
    }
    if (this.#refused?.code === code && this.#refused.served === this.#served) return;
    this.#refused = { code, served: this.#served };
    log.error({ scope, code }, `a policy bundle was refused: ${message}`);
    await spool.append('policy.refused', { scope, code, seq: null });
  }
}
