import pg from 'pg';

/** Makes the cell's database when the server does not have it yet. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  await withAdmin(adminUrl, async (admin) => {
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (!rowCount) await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  });
}

/** Gives each login role the password that its process connects with. */
export async function setPasswords(adminUrl: string, passwords: Readonly<Record<string, string>>): Promise<void> {
  await withAdmin(adminUrl, async (admin) => {
    for (const [role, password] of Object.entries(passwords)) {
      await admin.query(`ALTER ROLE ${pg.escapeIdentifier(role)} PASSWORD ${pg.escapeLiteral(password)}`);
    }
  });
}

async function withAdmin(url: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
