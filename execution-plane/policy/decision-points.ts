import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { DecisionPoint } from '@countersign/connectors/gateway/parts.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { BundleSource } from '@countersign/platform/opa/bundle-source.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import { createPdp } from '@countersign/platform/opa/pdp.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import { createPdpPool } from '@countersign/platform/opa/pdp-pool.ts';
import type { PdpPool } from '@countersign/platform/opa/pdp-pool.ts';
import type { PdpEvent, PdpStatus } from '@countersign/platform/opa/pdp-status.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { ExecutionError } from '../errors.ts';
import { readBundleKeys, readHighestSeq, readNewestBundle, writeHighestSeq } from './queries.ts';

export interface DecisionPointsOptions {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0: the bundle of the first look is kept until its TTL; for showing what staleness does. */
  readonly refreshMs: number;
  readonly ttlMs: number;
}

/** One evaluation may take this long; a policy that takes longer denies. */
const DEADLINE_MS = 1_000;
const NEVER_MS = 86_400_000;

/** The decision points of this worker, one per tenant, warm, by the newest signed bundle that the control plane has published. */
export class DecisionPoints implements DecisionPoint {
  readonly #options: DecisionPointsOptions;
  readonly #pool: PdpPool;

  constructor(options: DecisionPointsOptions) {
    this.#options = options;
    this.#pool = createPdpPool((tenantId) => this.#make(tenantId));
  }

  async decide(input: Parameters<DecisionPoint['decide']>[0]): ReturnType<DecisionPoint['decide']> {
    return (await this.#pool.pdpFor(input.tenant.id)).decide(input);
  }

  /** Loads the bundle before the tenant's first call needs it. */
  async warm(tenantIds: readonly string[]): Promise<void> {
    await Promise.all(tenantIds.map((tenantId) => this.#pool.pdpFor(tenantId)));
  }

  /** A bundle was published: looks at once instead of at the next refresh. */
  async refresh(): Promise<void> {
    if (this.#options.refreshMs === 0) return;
    await Promise.all(this.#pool.statuses().map(async ({ tenant }) => (await this.#pool.pdpFor(tenant)).refresh()));
  }

  statuses(): PdpStatus[] {
    return this.#pool.statuses();
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }

  #make(tenant: string): Pdp {
    const { database, clock, log, refreshMs, ttlMs } = this.#options;
    const scope = bundleScope(tenant);
    return createPdp({
      tenant, scope, clock, ttl_ms: ttlMs, deadline_ms: DEADLINE_MS,
      refresh_ms: refreshMs === 0 ? NEVER_MS : refreshMs,
      source: this.#source(tenant, scope),
      keys: async () => verificationKeys(await database.forTenant(tenant, (tx) => readBundleKeys(tx, tenant))),
      highestSeq: {
        get: () => database.forTenant(tenant, (tx) => readHighestSeq(tx, tenant, scope)),
        put: (seq) => database.forTenant(tenant, (tx) => writeHighestSeq(tx, tenant, scope, seq)),
      },
      onEvent: (event) => logEvent(log, tenant, event),
    });
  }

  #source(tenant: string, scope: string): BundleSource {
    const { database, objects } = this.#options;
    return {
      async latest(known) {
        const row = await database.forTenant(tenant, (tx) => readNewestBundle(tx, tenant, scope));
        if (row === undefined) throw new ExecutionError('bundle_missing', `No policy bundle is published for ${tenant}. Until one is, everything is denied.`);
        return row.digest === known ? 'not_modified' : { bytes: await objects.get(row.object_key), etag: row.digest };
      },
    };
  }
}

function logEvent(log: Logger, tenant: string, event: PdpEvent): void {
  if (event.kind === 'refresh_failed') log.warn({ tenant, code: event.code }, `policy could not be refreshed: ${event.message}`);
  else if (event.kind === 'bundle_activated') log.info({ tenant, seq: event.seq, revision: event.revision }, 'a policy bundle decides now');
}
