import { Database } from '@countersign/platform/postgres/database.ts';
import { sql } from './queries.ts';

/** Runs a statement as nobody may in a cell: as the superuser of the test's database. Gives its rows. */
export async function asOwner<Row extends object>(database: { readonly adminUrl: string }, text: string): Promise<Row[]> {
  const admin = new Database({ url: database.adminUrl, applicationName: 'test owner', maxConnections: 1 });
  try {
    return await admin.forNoTenant((tx) => tx.rows<Row>(sql(text.slice(0, 40), text)));
  } finally {
    await admin.close();
  }
}
