import type { DecisionPoint } from '@countersign/connectors/gateway/parts.ts';
import type { PdpStatus } from '@countersign/platform/opa/pdp-status.ts';
import { EnvironmentPolicy } from './environment-policy.ts';
import type { PolicyPlace } from './environment-policy.ts';
import { listEnvironments } from './queries.ts';
import type { ScopedPdpOptions } from './scoped-pdp.ts';

export interface DecisionPointsOptions extends Omit<ScopedPdpOptions, 'refreshMs'> {
  /** 0: the bundle of the first look is kept until its TTL; for showing what staleness does. */
  readonly refreshMs: number;
}

const NEVER_MS = 86_400_000;

/** The decision points of this worker: one per environment, warm, each by the newest signed bundle that was released there. */
export class DecisionPoints implements DecisionPoint {
  readonly #options: DecisionPointsOptions;
  readonly #environments = new Map<string, { readonly policy: EnvironmentPolicy; readonly started: Promise<void> }>();
  readonly #changedTenants = new Set<string>();

  constructor(options: DecisionPointsOptions) {
    this.#options = options;
  }

  async decide(...[input, options]: Parameters<DecisionPoint['decide']>): ReturnType<DecisionPoint['decide']> {
    return (await this.#policyOf({ tenantId: input.tenant.id, environmentId: input.environment.id })).decide(input, options);
  }

  /** What is looked up for the rules of the bundle that binds there, by its name. */
  async reads(place: PolicyPlace): Promise<readonly string[]> {
    return (await this.#policyOf(place)).reads();
  }

  /** Loads the bundles of these tenants before their first calls need them. */
  async warm(tenantIds: readonly string[]): Promise<void> {
    const places = await this.#options.database.forTenants(tenantIds, listEnvironments);
    await Promise.all(places.map((place) => this.#policyOf(place)));
  }

  /** A bundle of this tenant was published: the next `refreshChanged` looks for it. */
  noteChange(tenantId: string): void {
    this.#changedTenants.add(tenantId);
  }

  /** Looks at once, instead of at the next refresh, for what the tenants have that changes were noted of; new environments included. */
  async refreshChanged(): Promise<void> {
    const tenantIds = [...this.#changedTenants];
    this.#changedTenants.clear();
    if (this.#options.refreshMs === 0 || tenantIds.length === 0) return;
    const looked = await Promise.allSettled(tenantIds.map((tenantId) => this.#refreshTenant(tenantId)));
    // Each by itself, and then what went wrong: one that cannot be looked for keeps none of the others waiting.
    for (const look of looked) if (look.status === 'rejected') throw look.reason;
  }

  /** How fresh policy is, scope by scope. */
  statuses(): PdpStatus[] {
    return [...this.#environments.values()].flatMap(({ policy }) => policy.statuses());
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#environments.values()].map(({ policy }) => policy.stop()));
    this.#environments.clear();
  }

  async #refreshTenant(tenantId: string): Promise<void> {
    const known = [...this.#environments.values()].filter(({ policy }) => policy.place.tenantId === tenantId);
    await Promise.all([this.warm([tenantId]), ...known.map(({ policy }) => policy.refresh())]);
  }

  /** Resolves when the environment's decision point has tried its first refresh. */
  async #policyOf(place: PolicyPlace): Promise<EnvironmentPolicy> {
    const key = `${place.tenantId}/${place.environmentId}`;
    let entry = this.#environments.get(key);
    if (entry === undefined) {
      const { refreshMs } = this.#options;
      const policy = new EnvironmentPolicy(place, { ...this.#options, refreshMs: refreshMs === 0 ? NEVER_MS : refreshMs });
      entry = { policy, started: policy.start() };
      this.#environments.set(key, entry);
    }
    await entry.started;
    return entry.policy;
  }
}
