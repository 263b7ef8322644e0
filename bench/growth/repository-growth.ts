import pg from 'pg';

/** A copy of a database under another name, on the same server. Nobody may be connected to it. Gives its URL. */
export async function copyDatabase(adminUrl: string, name: string): Promise<string> {
  const [from, server] = [new URL(adminUrl), new URL(adminUrl)];
  server.pathname = '/postgres';
  await withClient(server.href, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${from.pathname.slice(1)}`));
  return databaseUrl(adminUrl, name);
}

export function databaseUrl(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

export interface FinishedRuns {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly environmentId: string;
  readonly runs: number;
  readonly stepsPerRun: number;
}

const MONTH = `interval '30 days'`;

/**
 * Runs that have ended over the last thirty days, with their steps. Planted as the superuser with foreign keys unchecked: what is wrong with
 * them would be a fault of these statements, and checking a million rows takes longer than measuring.
 */
export async function plantFinished(adminUrl: string, { tenantId, workspaceId, environmentId, runs, stepsPerRun }: FinishedRuns): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query('SET session_replication_role = replica; SET synchronous_commit = off');
    await client.query(`
      INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key,
                                  previous_state, state, subject, created_at, started_at, finished_at, evidence_id)
      SELECT $1, 'run_' || lpad(n::text, 26, '0'), $2, $3, 'wfl_grown', 'grown', 1, 'sha256:grown', '{"name":"grown","steps":[]}', 'webhook', 'grown:' || n, 'running', 'succeeded',
             'INC' || n, clock_timestamp() - ${MONTH} * (n::float8 / $4), clock_timestamp() - ${MONTH} * (n::float8 / $4), clock_timestamp() - ${MONTH} * (n::float8 / $4), 'evd_' || n
        FROM generate_series(1, $4::int) n`, [tenantId, workspaceId, environmentId, runs]);
    await client.query(`
      INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, previous_state, state, attempt, fence, workspace_id, priority, available_at, created_at, started_at, finished_at)
      SELECT $1, 'stp_' || lpad((n * $4::int + s)::text, 26, '0'), 'run_' || lpad(n::text, 26, '0'), 'step' || s, s, 'noop/thing.write', 'leased', 'succeeded', 1, 1, $2, 2,
             clock_timestamp() - ${MONTH} * (n::float8 / $3), clock_timestamp() - ${MONTH}, clock_timestamp() - ${MONTH}, clock_timestamp() - ${MONTH}
        FROM generate_series(1, $3::int) n CROSS JOIN generate_series(1, $4::int) s`, [tenantId, workspaceId, runs, stepsPerRun]);
  });
}

/** What autovacuum does in its time. */
export async function vacuum(adminUrl: string): Promise<void> {
  await withClient(adminUrl, (client) => client.query('VACUUM (ANALYZE) execution.runs, execution.steps, execution.deliveries'));
}

export interface Sizes {
  readonly finished: number;
  readonly queued: number;
  readonly runs_bytes: number;
  readonly steps_bytes: number;
  readonly claim_index_bytes: number;
}

export async function sizesOf(adminUrl: string): Promise<Sizes> {
  const { rows } = await withClient(adminUrl, (client) => client.query<Sizes>(`
    SELECT count(*) FILTER (WHERE state = 'succeeded')::int AS finished, count(*) FILTER (WHERE state = 'queued')::int AS queued,
           pg_total_relation_size('execution.runs')::float8 AS runs_bytes, pg_total_relation_size('execution.steps')::float8 AS steps_bytes,
           pg_relation_size('execution.steps_claimable')::float8 AS claim_index_bytes
      FROM execution.runs`));
  return rows[0]!;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
