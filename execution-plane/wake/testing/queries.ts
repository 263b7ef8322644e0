import pg from 'pg';

/** Ends the sessions that listen to this database, as a restart of the server would. */
export async function breakListeners(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign listener'`);
  await client.end();
}

/** As if the workers that took rows of the outbox had died long ago. */
export async function endTaking(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`UPDATE execution.outbox SET taken_until = '-infinity'`);
  await client.end();
}
