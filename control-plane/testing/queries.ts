import pg from 'pg';

/** Runs `text` as the database's administrator, whom no row is hidden from, in one transaction as migrations run. Gives the rows of its last statement. */
export async function asAdministrator(adminUrl: string, text: string): Promise<unknown[]> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    const results = await admin.query(`BEGIN; ${text}`) as unknown as pg.QueryResult[];
    await admin.query('COMMIT');
    return results.at(-1)?.rows ?? [];
  } finally {
    await admin.end();
  }
}
