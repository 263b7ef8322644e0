import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { DecideOptions, Pdp } from '@countersign/platform/opa/pdp.ts';
import type { PdpStatus } from '@countersign/platform/opa/pdp-status.ts';
import { hasShadowBundle } from './queries.ts';
import { createScopedPdp } from './scoped-pdp.ts';
import type { ScopedPdpOptions } from './scoped-pdp.ts';
import { lookedUpOnce, withShadow } from './shadow.ts';

export interface PolicyPlace {
  readonly tenantId: string;
  readonly environmentId: string;
}

/** One evaluation may take this long; a policy that takes longer denies. */
const DEADLINE_MS = 1_000;
/** What binds nobody must not keep a thread for long. */
const SHADOW_DEADLINE_MS = 200;

/** What decides in one environment: the bundle that binds, and beside it the one in shadow mode while there is one. */
export class EnvironmentPolicy {
  readonly place: PolicyPlace;
  readonly #options: ScopedPdpOptions;
  readonly #binding: Pdp;
  /** Decides only once it has looked for its bundle. */
  #shadow: { readonly pdp: Pdp; isReady: boolean } | null = null;
  #stopped = false;

  constructor(place: PolicyPlace, options: ScopedPdpOptions) {
    this.place = place;
    this.#options = options;
    this.#binding = createScopedPdp(options, place.tenantId, bundleScope(place.environmentId), DEADLINE_MS, () => this.#lookForShadow());
  }

  /** Resolves when the binding bundle has been looked for once. */
  start(): Promise<void> {
    return this.#binding.start();
  }

  async decide(input: PolicyInput, options: DecideOptions = {}): Promise<PolicyDecision> {
    if (this.#shadow?.isReady !== true) return this.#binding.decide(input, options);
    const shared = options.facts === undefined ? options : { ...options, facts: lookedUpOnce(options.facts) };
    return withShadow(this.#binding.decide(input, shared), this.#shadow.pdp.decide(input, shared));
  }

  /** What is looked up for the rules of the binding bundle. */
  reads(): readonly string[] {
    return this.#binding.reads();
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#binding.refresh(), this.#shadow?.pdp.refresh()]);
  }

  statuses(): PdpStatus[] {
    return [this.#binding.status(), ...(this.#shadow?.isReady === true ? [this.#shadow.pdp.status()] : [])];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#binding.stop(), this.#shadow?.pdp.stop()]);
  }

  /** With every look for the binding bundle: most environments have no other, and one that has none costs this question alone. */
  async #lookForShadow(): Promise<void> {
    const { tenantId, environmentId } = this.place;
    const scope = bundleScope(environmentId, 'shadow');
    const isThere = await this.#options.database.forTenant(tenantId, (tx) => hasShadowBundle(tx, tenantId, scope));
    if (isThere && this.#shadow === null && !this.#stopped) {
      void this.#startShadow(createScopedPdp(this.#options, tenantId, scope, SHADOW_DEADLINE_MS));
    } else if (!isThere && this.#shadow !== null) {
      const ended = this.#shadow;
      this.#shadow = null;
      void ended.pdp.stop();
    }
  }
  async #startShadow(pdp: Pdp): Promise<void> {
    const shadow = { pdp, isReady: false };
    this.#shadow = shadow;
    await pdp.start();
    shadow.isReady = true;
  }
}
