import pg from 'pg';

/** Every row of every table as text, without what is sealed or a digest: those may say nothing, and do. */
export async function dumpDatabase(adminUrl: string): Promise<Map<string, string>> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string; columns: string[] }>(`
      SELECT format('%I.%I', n.nspname, c.relname) AS name, array_agg(format('%I', a.attname) ORDER BY a.attnum) AS columns
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE n.nspname IN ('control', 'execution', 'audit', 'app', 'public') AND c.relkind IN ('r', 'p')
         AND NOT (a.atttypid = 'bytea'::regtype AND (a.attname LIKE '%sealed' OR a.attname = 'wrapped' OR a.attname LIKE '%sha256')) GROUP BY 1`);
    const dumped = new Map<string, string>();
    for (const { name, columns } of tables) {
      const { rows } = await client.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM (SELECT ${columns.join(', ')} FROM ${name}) t`);
      dumped.set(name, rows.map(({ row }) => row).join('\n'));
    }
    const { rows } = await client.query<{ query: string }>('SELECT query FROM pg_stat_activity WHERE query IS NOT NULL');
    dumped.set('pg_stat_activity', rows.map(({ query }) => query).join('\n'));
    return dumped;
  } finally {
    await client.end();
  }
}

/** How many evidence bundles there are. */
export async function countEvidence(adminUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ bundles: string }>('SELECT count(*) AS bundles FROM execution.evidence');
    return Number(rows[0]?.bundles ?? 0);
  } finally {
    await client.end();
  }
}
