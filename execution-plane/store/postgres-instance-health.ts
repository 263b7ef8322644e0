import { HEALTHY } from '@countersign/connectors/gateway/health/health-store.ts';
import type { Circuit, CircuitRules, HealthView, InstanceHealthStore, InstanceKey, LearntLimit } from '@countersign/connectors/gateway/health/health-store.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { countRequests, readHealth, recordBlocked, recordFailure, recordLearnt, recordSuccess, takeProbe } from './repository-instance-health.ts';
import type { HealthRow } from './repository-instance-health.ts';

/** Health of instances in Postgres, so that all workers know what one has learnt. Each method is one statement. */
export class PostgresInstanceHealth implements InstanceHealthStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A read, except where there is something to count or a window to open. */
  refresh({ tenantId, instanceId }: InstanceKey, used: number, manifestLimit: number | null): Promise<HealthView> {
    return this.#database.forTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne<HealthRow>(readHealth, [tenantId, instanceId]);
      const runs = row !== undefined && row.window_ends_in_ms !== null && row.window_ends_in_ms > 0;
      const counts = runs ? used > 0 : manifestLimit !== null;
      return viewOf(counts ? await tx.one<HealthRow>(countRequests, [tenantId, instanceId, used, manifestLimit]) : row);
    });
  }

  failed({ tenantId, instanceId }: InstanceKey, code: string, rules: CircuitRules): Promise<{ from: Circuit; to: Circuit }> {
    const values = [tenantId, instanceId, code, rules.failures, rules.failureWindowMs, rules.openMs, rules.longestOpenMs];
    return this.#database.forTenant(tenantId, (tx) => tx.one<{ from: Circuit; to: Circuit }>(recordFailure, values));
  }

  async succeeded({ tenantId, instanceId }: InstanceKey): Promise<{ from: Circuit; to: Circuit }> {
    const change = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<{ from: Circuit; to: Circuit }>(recordSuccess, [tenantId, instanceId]));
    return change ?? { from: 'closed', to: 'closed' };
  }

  async takeProbe({ tenantId, instanceId }: InstanceKey, rules: CircuitRules): Promise<boolean> {
    return await this.#database.forTenant(tenantId, (tx) => tx.change(takeProbe, [tenantId, instanceId, rules.probeMs])) === 1;
  }

  async blocked({ tenantId, instanceId }: InstanceKey, forMs: number): Promise<void> {
    await this.#database.forTenant(tenantId, (tx) => tx.change(recordBlocked, [tenantId, instanceId, forMs]));
  }

  async learnt({ tenantId, instanceId }: InstanceKey, { limit, remaining, resetsInMs }: LearntLimit): Promise<void> {
    await this.#database.forTenant(tenantId, (tx) => tx.change(recordLearnt, [tenantId, instanceId, limit, remaining, resetsInMs]));
  }
}

function viewOf(row: HealthRow | undefined): HealthView {
  if (row === undefined) return HEALTHY;
  const endsInMs = row.window_ends_in_ms ?? 0;
  return {
    circuit: row.circuit, failing: row.failing, lastFailureCode: row.last_failure_code, probeInMs: row.probe_in_ms, blockedForMs: row.blocked_for_ms,
    window: row.window_limit === null || row.window_source === null || endsInMs <= 0 ? null
      : { limit: row.window_limit, count: row.window_count, endsInMs, source: row.window_source },
  };
}
