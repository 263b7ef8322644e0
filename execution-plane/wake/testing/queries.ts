import pg from 'pg';

/** Ends the sessions that listen to this database, as a restart of the server would. */
export async function breakListeners(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign listener'`);
  await client.end();
}
