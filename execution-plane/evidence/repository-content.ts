import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const endRetentionOf: Statement = {
  name: 'evidence.end_retention',
  text: `
    WITH RECURSIVE proven AS (
      -- what a run has started is read by it until it ends: it goes with the run that began it all
      SELECT tenant_id, id, state FROM execution.runs WHERE tenant_id = $1 AND id = $2 AND parent_run_id IS NULL
      UNION ALL
      SELECT r.tenant_id, r.id, r.state FROM proven JOIN execution.runs r ON r.tenant_id = $1 AND r.parent_run_id = proven.id
    ), content AS (
      SELECT r.trigger_content_id AS id FROM proven JOIN execution.runs r ON r.tenant_id = $1 AND r.id = proven.id
      UNION SELECT unnest(ARRAY[s.input_content_id, s.output_content_id]) FROM proven JOIN execution.steps s ON s.tenant_id = $1 AND s.run_id = proven.id
      UNION SELECT unnest(ARRAY[c.action_content_id, c.output_content_id]) FROM proven JOIN execution.tool_calls c ON c.tenant_id = $1 AND c.run_id = proven.id
    )
    UPDATE execution.contents c
       -- what failed may be redriven, and needs what it had, for a day
       SET expires_at = least(c.expires_at, clock_timestamp() + CASE WHEN EXISTS (SELECT FROM proven WHERE state = 'failed') THEN interval '1 day' ELSE interval '0' END)
      FROM content WHERE c.tenant_id = $1 AND c.id = content.id AND c.shredded_at IS NULL`,
};

/** Ends the retention of everything that a proven run read and wrote, where content is kept no longer than it is needed. */
export async function endRetention(tx: Transaction, tenantId: string, runId: string): Promise<void> {
  await tx.change(endRetentionOf, [tenantId, runId]);
}
