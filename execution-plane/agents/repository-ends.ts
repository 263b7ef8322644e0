import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const expire: Statement = {
  name: 'work_orders.expire',
  text: `
    UPDATE execution.work_orders o SET state = 'expired'
      FROM (SELECT tenant_id, id FROM execution.work_orders
             -- an order that was taken in time may take longer to end than to begin
             WHERE state IN ('queued', 'received') AND begin_before < clock_timestamp() - CASE state WHEN 'queued' THEN interval '5 seconds' ELSE interval '15 minutes' END
               FOR UPDATE SKIP LOCKED) over
     WHERE o.tenant_id = over.tenant_id AND o.id = over.id`,
};

/** Orders that may not begin any more, and of which nothing was heard. What is heard of them later is still taken. */
export async function expireOrders(tx: Transaction): Promise<void> {
  await tx.change(expire);
}

/** By the time at which the transaction began: an index is read by a time that stands still. */
const endEntries: Statement = {
  name: 'agent_entries.end_bodies',
  text: `
    UPDATE control.agent_entries e SET sealed = NULL
      FROM (SELECT n.tenant_id, n.agent_id, n.epoch, n.seq FROM execution.agent_cursors c
              JOIN control.agent_entries n ON n.tenant_id = c.tenant_id AND n.agent_id = c.agent_id AND n.epoch = c.epoch AND n.seq <= c.applied_seq
             WHERE n.sealed IS NOT NULL AND n.received_at < now() - $1::float8 * interval '1 millisecond'
             LIMIT 1000 FOR UPDATE OF n SKIP LOCKED) done
     WHERE (e.tenant_id, e.agent_id, e.epoch, e.seq) = (done.tenant_id, done.agent_id, done.epoch, done.seq)`,
};

const endOrders: Statement = {
  name: 'work_orders.end_bodies',
  text: `
    UPDATE execution.work_orders o SET envelope = NULL, outcome_sealed = NULL
      FROM (SELECT d.tenant_id, d.id FROM execution.work_orders d
             WHERE d.state IN ('ended', 'refused', 'expired') AND (d.envelope IS NOT NULL OR d.outcome_sealed IS NOT NULL)
               AND d.begin_before < now() - $1::float8 * interval '1 millisecond' AND (d.ended_at IS NULL OR d.ended_at < now() - $1::float8 * interval '1 millisecond')
               -- what is to settle an effect is kept until it has
               AND NOT EXISTS (SELECT FROM execution.tool_calls c WHERE c.tenant_id = d.tenant_id AND c.id = d.call_id AND c.state IN ('intended', 'uncertain'))
             LIMIT 1000 FOR UPDATE OF d SKIP LOCKED) done
     WHERE o.tenant_id = done.tenant_id AND o.id = done.id`,
};

/**
 * Ends the content of entries that were made true, and of orders that are over, so long ago; the rows stay. What another worker is at is left to it.
 * Gives whether there may be more.
 */
export async function endBodies(tx: Transaction, keptMs: number): Promise<boolean> {
  const [entries, orders] = [await tx.change(endEntries, [keptMs]), await tx.change(endOrders, [keptMs])];
  return entries === 1_000 || orders === 1_000;
}
