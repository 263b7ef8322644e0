import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { endAudit, forgetSearched, forgetSignIns, listChains, readRetention } from './repository-retention.ts';
import type { ChainRow } from './repository-retention.ts';

export interface RetentionLoopParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

const EVERY_MS = 60_000;
const BATCH = 1_000;

/** Lets go of operational traces of the control plane's own, and of the bodies of audit events; the workers see to their own. */
export function retentionLoop(parts: RetentionLoopParts): Loop {
  return new Loop({ name: 'retention', idle_ms: EVERY_MS, busy_ms: 1_000, log: parts.log }, () => forEveryTenant(parts.database, parts.log, (tenantId) => endRetention(parts, tenantId)));
}

/** Gives whether there may be more to let go. */
export async function endRetention({ database, clock }: RetentionLoopParts, tenantId: string): Promise<boolean> {
  const { operational_days, audit_days } = await database.forTenant(tenantId, (tx) => readRetention(tx, tenantId));
  if (operational_days !== null) await database.forTenant(tenantId, (tx) => forgetSignIns(tx, tenantId, operational_days));
  if (audit_days === null) return false;
  const chains = await database.forTenant(tenantId, (tx) => tx.rows<ChainRow>(listChains, [tenantId]));
  let more = false;
  for (const chain of chains) more = await database.forTenant(tenantId, (tx) => endBodies(tx, clock, tenantId, chain, audit_days)) || more;
  return more;
}

/** What ends is said in the chain that it was in: links, digests and tree stay, so that it is proven to have been there. */
async function endBodies(tx: Transaction, clock: Clock, tenantId: string, { chain, workspace_id }: ChainRow, days: number): Promise<boolean> {
  const { ended, from_seq, to_seq } = await endAudit(tx, tenantId, chain, days, BATCH);
  if (ended === 0 || from_seq === null || to_seq === null) return false;
  await forgetSearched(tx, tenantId, chain, from_seq, to_seq);
  await appendAudit(tx, {
    at: clock.now(), type: 'audit.retention_ended', tenant_id: tenantId, workspace_id, run_id: null, actor: { kind: 'system', id: 'retention' },
    subject: { kind: 'chain', id: chain }, data: { from_seq, to_seq },
  });
  return ended === BATCH;
}
