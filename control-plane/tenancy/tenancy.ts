import type { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { postgresRateLimits } from '@countersign/platform/rate-limits/flexible-rate-limits.ts';
import { redisRateLimits } from '@countersign/platform/rate-limits/redis-rate-limits.ts';
import { forgetCounters } from '@countersign/platform/rate-limits/repository-rate-counters.ts';
import type { RequestLimits } from '../access/ports.ts';
import type { Handlers } from '../api/operation.ts';
import { Loop } from '../cell/loop.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import type { ControlPlaneConfig } from '../config.ts';
import { CellTenants } from './cell-tenants.ts';
import { Environments } from './environments.ts';
import { IntakeQuota } from './intake-quota.ts';
import { LimitsApi } from './limits-api.ts';
import { QuotaCache } from './quota-cache.ts';
import { countStoredBytes } from './repository-quotas.ts';
import { RequestCounter } from './request-counter.ts';
import { WorkspaceArchive } from './workspace-archive.ts';
import { Workspaces } from './workspaces.ts';

export interface TenancyParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Null: requests are counted in PostgreSQL. */
  readonly cache: RedisCache | null;
  readonly refusals: RateLimit;
  readonly config: Pick<ControlPlaneConfig, 'region' | 'cell' | 'publicUrl' | 'requestRates'>;
}

type TenancyHandlers = Pick<Handlers, 'listTenants' | 'createTenant' | 'getTenant' | 'updateTenant' | 'listWorkspaces' | 'createWorkspace' | 'updateWorkspace' | 'archiveWorkspace' | 'restoreWorkspace' | 'listEnvironments' | 'getLimits' | 'putLimits'>;

/** Tenants, their workspaces, and what they may have and use. */
export class Tenancy {
  readonly handlers: TenancyHandlers;
  readonly limits: RequestLimits;
  readonly intake: IntakeQuota;
  readonly loops: readonly Loop[];

  constructor({ config, cache, ...parts }: TenancyParts) {
    const { key_per_minute, tenant_per_minute, address_per_minute } = config.requestRates;
    const defaults = { requests_per_minute: tenant_per_minute, requests_per_minute_per_key: key_per_minute };
    const quotas = new QuotaCache(parts.database, parts.clock);
    const rateLimits = cache === null ? postgresRateLimits(parts.database) : redisRateLimits(cache, parts.database);
    this.limits = new RequestCounter({ ...parts, quotas, defaults, address_per_minute, rateLimits });
    this.intake = new IntakeQuota({ ...parts, quotas });
    const tenants = new CellTenants({ ...parts, quotas, region: config.region, cell: config.cell, publicUrl: config.publicUrl });
    const workspaces = new Workspaces(parts);
    const archive = new WorkspaceArchive(parts);
    const environments = new Environments(parts);
    const limits = new LimitsApi({ ...parts, quotas, defaults });
    this.handlers = {
      listTenants: (call) => tenants.listTenants(call),
      createTenant: (call) => tenants.createTenant(call),
      getTenant: (call) => tenants.getTenant(call),
      updateTenant: (call) => tenants.updateTenant(call),
      listWorkspaces: (call) => workspaces.listWorkspaces(call),
      createWorkspace: (call) => workspaces.createWorkspace(call),
      updateWorkspace: (call) => workspaces.updateWorkspace(call),
      archiveWorkspace: (call) => archive.archiveWorkspace(call),
      restoreWorkspace: (call) => archive.restoreWorkspace(call),
      listEnvironments: (call) => environments.listEnvironments(call),
      getLimits: (call) => limits.getLimits(call),
      putLimits: (call) => limits.putLimits(call),
    };
    this.loops = [forgettingCounters(parts), countingBytes(parts)];
  }
}

function forgettingCounters({ database, clock, log }: Pick<TenancyParts, 'database' | 'clock' | 'log'>): Loop {
  const options = { name: 'rate counters', idle_ms: 60_000, busy_ms: 60_000, log };
  return new Loop(options, async () => await forgetCounters(database, clock.now()) > 0);
}

/** Of tenants that have a quota of it. */
function countingBytes({ database, log }: Pick<TenancyParts, 'database' | 'log'>): Loop {
  const options = { name: 'stored bytes', idle_ms: 60_000, busy_ms: 60_000, log };
  return new Loop(options, () => forEveryTenant(database, log, (tenantId) => database.forTenant(tenantId, async (tx) => {
    await countStoredBytes(tx, tenantId);
    return false;
  })));
}
