import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** Held until the transaction ends, so that two intents for one instance cannot count at the same time. */
const lockInstance: Statement = {
  name: 'concurrency.lock',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('instance-concurrency/' || $1 || '/' || $2, 0))`,
};

/** Steps, because a step's nested calls are its own; only those that are leased, because a dead worker's call is under way no more. */
const countUnderWay: Statement = {
  name: 'concurrency.count',
  text: `
    SELECT count(DISTINCT c.step_id)::int AS under_way
      FROM execution.tool_calls c JOIN execution.steps s ON s.tenant_id = c.tenant_id AND s.id = c.step_id
     WHERE c.tenant_id = $1 AND c.instance_id = $2 AND c.state = 'intended' AND c.step_id <> $3
       AND s.state = 'leased' AND s.fence = c.fence AND s.lease_expires_at > clock_timestamp()`,
};

/** Whether fewer than `limit` other steps have a call to the instance under way, over all workers; then nobody else starts one before this commits. */
export async function hasFreeSlot(tx: Transaction, call: CallIdentity, instanceId: string, limit: number): Promise<boolean> {
  await tx.rows(lockInstance, [call.tenant.id, instanceId]);
  const { under_way: underWay } = await tx.one<{ under_way: number }>(countUnderWay, [call.tenant.id, instanceId, call.step.id]);
  return underWay < limit;
}
