import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface LostAgent {
  readonly agent_id: string;
  readonly pool_id: string;
  readonly workspace_id: string;
  readonly seen_at: Date;
  /** Of its spool, as it last said. */
  readonly epoch: string;
  readonly seq: number;
}

/** `$2`: in seconds. Who is revoked is not missed. */
export const markLost: Statement = {
  name: 'agents.mark_lost',
  text: `
    UPDATE control.agent_presence p SET lost_at = clock_timestamp()
      FROM control.agents a JOIN control.agent_pools o ON (o.tenant_id, o.id) = (a.tenant_id, a.pool_id)
     WHERE p.tenant_id = $1 AND (a.tenant_id, a.id) = (p.tenant_id, p.agent_id) AND a.state <> 'revoked'
       AND p.lost_at IS NULL AND p.seen_at < clock_timestamp() - make_interval(secs => $2)
    RETURNING p.agent_id, a.pool_id, o.workspace_id, p.seen_at, p.spool->>'epoch' AS epoch, (p.spool->>'seq')::float8 AS seq`,
};
