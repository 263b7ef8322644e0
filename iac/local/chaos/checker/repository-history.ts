import pg from 'pg';
import type { Evidence } from './evidence.ts';

type History = Omit<Evidence, 'accepted' | 'strikes' | 'effects' | 'lease_ms'>;

const ms = (column: string): string => `extract(epoch FROM ${column}) * 1000 AS ${column}_ms`;

const TABLES: Readonly<Record<keyof History, string>> = {
  deliveries: 'SELECT id, subject, state, dropped_because FROM execution.deliveries',
  runs: 'SELECT id, subject, state, delivery_id, error FROM execution.runs',
  steps: 'SELECT id, run_id, key, state, fence, lease_owner FROM execution.steps',
  attempts: `SELECT step_id, fence, worker, state, result, ${ms('started_at')}, ${ms('finished_at')} FROM execution.step_attempts`,
  calls: 'SELECT id, run_id, step_id, action, risk, action_digest, state, decision_id, fence FROM execution.tool_calls',
  decisions: 'SELECT id, run_id, step_id, action_digest, outcome, approval_id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000 AS committed_at_ms FROM execution.decisions',
  approvals: 'SELECT id, state, action_digest FROM control.approvals',
  events: `SELECT e.id, e.chain, e.pending_no, e.type, e.run_id, e.body, l.seq, encode(l.prev_hash, 'hex') AS prev_hash, encode(l.hash, 'hex') AS hash, l.line
             FROM audit.events e LEFT JOIN audit.links l ON (l.tenant_id, l.event_id) = (e.tenant_id, e.id)`,
  heads: 'SELECT chain, seq, hash FROM audit.chain_heads',
};

/** The tables, each row as one text; by a connection of the superuser, who sees every tenant. */
export async function readHistory(databaseUrl: string): Promise<History> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const history: Record<string, unknown[]> = {};
    for (const [name, select] of Object.entries(TABLES)) {
      const { rows } = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM (${select}) t`);
      history[name] = rows.map(({ row }) => JSON.parse(row) as unknown);
    }
    return history as unknown as History;
  } finally {
    await client.end();
  }
}
