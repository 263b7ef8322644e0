import type { Statement } from '@countersign/platform/postgres/database.ts';

/** The next tenants of the cell, in the order of their ids. */
export const tenantsBehind: Statement = {
  name: 'audit.tenants_behind',
  text: `SELECT tenant_id FROM control.tenant_directory WHERE tenant_id > $1 AND state IN ('active', 'suspended', 'deleting') ORDER BY tenant_id LIMIT $2`,
};

/**
 * Heads that are to be signed now: the first; one that has grown, a minute after the last checkpoint, and at once when somebody waits for it (a
 * finished run for its evidence, or who is in $5), but not more often than every $4 milliseconds; one that has not, an hour after.
 */
export const chainsToSign: Statement = {
  name: 'audit.chains_to_sign',
  text: `
    SELECT h.chain, h.seq, h.hash, h.frontier, coalesce(c.number, 0) AS number, c.body AS previous_body
      FROM audit.chain_heads h
      LEFT JOIN LATERAL (SELECT number, seq, body, extract(epoch FROM clock_timestamp() - signed_at) * 1000 AS age_ms
                           FROM audit.checkpoints c WHERE (c.tenant_id, c.chain) = (h.tenant_id, h.chain) ORDER BY number DESC LIMIT 1) c ON true
     WHERE h.tenant_id = $1 AND h.seq > 0 AND h.tree_size = h.seq
       AND CASE
             WHEN c.number IS NULL OR c.age_ms >= $3 THEN true
             WHEN h.seq = c.seq THEN false
             WHEN c.age_ms >= $2 THEN true
             WHEN c.age_ms < $4 THEN false
             ELSE h.chain = ANY ($5::text[]) OR EXISTS (
               SELECT FROM (SELECT r.id FROM execution.runs r
                             WHERE r.tenant_id = $1 AND r.finished_at IS NOT NULL AND r.evidence_id IS NULL AND r.tenant_id || '/' || r.workspace_id = h.chain
                             ORDER BY r.finished_at DESC LIMIT 50) waiting
                WHERE (SELECT max(l.seq) FROM audit.events e JOIN audit.links l ON (l.tenant_id, l.event_id) = (e.tenant_id, e.id) WHERE e.tenant_id = $1 AND e.run_id = waiting.id) > c.seq)
           END`,
};

export interface ChainToSign {
  readonly chain: string;
  readonly seq: string;
  readonly hash: string;
  readonly frontier: Buffer;
  /** Of the newest checkpoint; 0 for none. */
  readonly number: string;
  readonly previous_body: string | null;
}
