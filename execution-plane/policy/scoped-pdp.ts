import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { BundleSource } from '@countersign/platform/opa/bundle-source.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import { createPdp } from '@countersign/platform/opa/pdp.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { PdpEvent } from '@countersign/platform/opa/pdp-status.ts';
import type { EvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { ExecutionError } from '../errors.ts';
import { readBundleKeys, readHighestSeq, readNewestBundle, writeHighestSeq } from './queries.ts';

export interface ScopedPdpOptions {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  readonly refreshMs: number;
  /** A bundle that was not confirmed for so long decides no more. */
  readonly ttlMs: number;
  /** Default: those that all decision points of the process share. */
  readonly evaluators?: EvaluatorPool;
}

/**
 * A decision point that takes the bundles of one scope as the control plane has published them: rows from the database, bytes from the
 * object store. The highest sequence that it has accepted is kept there too, so that a restart does not forget it. `onLook`: with each look.
 */
export function createScopedPdp(options: ScopedPdpOptions, tenant: string, scope: string, deadlineMs: number, onLook: () => Promise<void> = async () => undefined): Pdp {
  const { database, clock, log, refreshMs, ttlMs, evaluators } = options;
  return createPdp({
    tenant, scope, clock, ttl_ms: ttlMs, deadline_ms: deadlineMs, refresh_ms: refreshMs, ...(evaluators === undefined ? {} : { evaluators }),
    source: sourceOf(options, tenant, scope, onLook),
    keys: async () => verificationKeys(await database.forTenant(tenant, (tx) => readBundleKeys(tx, tenant))),
    highestSeq: {
      get: () => database.forTenant(tenant, (tx) => readHighestSeq(tx, tenant, scope)),
      put: (seq) => database.forTenant(tenant, (tx) => writeHighestSeq(tx, tenant, scope, seq)),
    },
    onEvent: (event) => logEvent(log, tenant, scope, event),
  });
}

function sourceOf({ database, objects, log }: ScopedPdpOptions, tenant: string, scope: string, onLook: () => Promise<void>): BundleSource {
  return {
    async latest(known) {
      await onLook().catch((error: unknown) => log.warn({ err: error, tenant, scope }, 'what stands beside a policy bundle could not be looked for'));
      const row = await database.forTenant(tenant, (tx) => readNewestBundle(tx, tenant, scope));
      if (row === undefined) throw new ExecutionError('bundle_missing', `No policy bundle is published for ${scope}. Until one is, everything is denied there.`);
      return row.digest === known ? 'not_modified' : { bytes: await objects.get(row.object_key), etag: row.digest };
    },
  };
}

function logEvent(log: Logger, tenant: string, scope: string, event: PdpEvent): void {
  if (event.kind === 'refresh_failed') log.warn({ tenant, scope, code: event.code }, `policy could not be refreshed: ${event.message}`);
  else if (event.kind === 'bundle_activated') log.info({ tenant, scope, seq: event.seq, revision: event.revision }, 'a policy bundle decides now');
}
