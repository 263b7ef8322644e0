import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { sweepExpired } from '../approvals/expiry-sweeper.ts';
import { shredOld } from '../approvals/queries.ts';
import { forgetWebhooks } from '../ingestion/queries.ts';
import type { Keyring } from '../keyring/keyring.ts';
import { keepUpRecovery } from '../kill-switches/recovery.ts';
import type { Notifier } from '../live/notifier.ts';
import type { Policies } from '../policies/policies.ts';
import { forgetDrafts } from '../policies/repository-drafts.ts';
import { forgetRequests } from '../runs/queries.ts';
import { Loop } from './loop.ts';
import { forEveryTenant } from './tenants.ts';

export interface SweeperParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly log: Logger;
}

/** Expires approvals within about a second of their deadline. */
export function expiryLoop(parts: SweeperParts): Loop {
  const options = { name: 'approval expiry', idle_ms: 1_000, busy_ms: 0, log: parts.log };
  return new Loop(options, () => forEveryTenant(parts.database, parts.log, async (tenantId) => await sweepExpired(tenantId, parts) > 0));
}

/** Lets go what kill switches have stopped, stage after stage, and starts and stops the clocks of approvals with it. */
export function recoveryLoop(parts: SweeperParts): Loop {
  const options = { name: 'recovery', idle_ms: 1_000, busy_ms: 1_000, log: parts.log };
  return new Loop(options, () => forEveryTenant(parts.database, parts.log, (tenantId) => keepUpRecovery(tenantId, parts)));
}

/** Forgets webhook ids, idempotency keys and drafts of policy that can no longer matter. */
export function forgettingLoop({ database, log }: SweeperParts, alsoForget: (tenantId: string) => Promise<boolean>): Loop {
  const options = { name: 'forgetting', idle_ms: 60_000, busy_ms: 60_000, log };
  return new Loop(options, () => forEveryTenant(database, log, async (tenantId) => {
    const forgotten = await database.forTenant(tenantId, async (tx) => await tx.change(forgetWebhooks, [tenantId]) + await tx.change(forgetRequests, [tenantId]) + await tx.change(forgetDrafts, [tenantId]));
    return await alsoForget(tenantId) || forgotten > 0;
  }));
}

/** Shreds what approvals would have executed and showed, once it can no longer run and its retention is over. Digests and votes stay. */
export function shreddingLoop({ database, log }: Pick<SweeperParts, 'database' | 'log'>, retention_days: number): Loop {
  const options = { name: 'approval shredding', idle_ms: 60_000, busy_ms: 0, log };
  return new Loop(options, () => forEveryTenant(database, log, async (tenantId) => await database.forTenant(tenantId, (tx) => tx.change(shredOld, [tenantId, retention_days])) > 0));
}

/** Signs every environment's policy at start and whenever its renewal is due; what is new gets its first bundle within 2 s. Retires the keys that nothing needs any more. */
export function renewalLoop({ publisher }: Pick<Policies, 'publisher'>, keyring: Keyring, { database, log }: SweeperParts): Loop {
  const options = { name: 'policy renewal', idle_ms: 2_000, busy_ms: 2_000, log };
  return new Loop(options, () => forEveryTenant(database, log, async (tenantId) => {
    const signed = await publisher.publishWhenDue(tenantId);
    return await keyring.keepUp(tenantId) || signed;
  }));
}
