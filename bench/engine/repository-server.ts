import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { hundredths } from './contender.ts';

/** A database of that name for a peer. Gives its URL. */
export async function createDatabase(adminUrl: string, name: string): Promise<string> {
  await withClient(adminUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Commits of this database until now. The server counts them with a delay of up to a second, unless a session is asked to say what it has. */
export async function commitsOf(url: string): Promise<number> {
  return withClient(url, async (client) => {
    await client.query('SELECT pg_sleep(1.1)');
    return Number((await client.query<{ n: string }>('SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()')).rows[0]?.n);
  });
}

/** How many rows this server commits in a second, one by one, over so many connections: the machine's own limit. */
export async function commitRate(url: string, connections: number, durationMs: number): Promise<number> {
  const clients = await Promise.all(Array.from({ length: connections }, async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  }));
  try {
    await clients[0]?.query('CREATE TABLE IF NOT EXISTS calibration (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)');
    const begun = performance.now();
    const counts = await Promise.all(clients.map(async (client) => {
      let count = 0;
      for (; performance.now() - begun < durationMs; count++) await client.query({ name: 'calibrate', text: 'INSERT INTO calibration (text) VALUES ($1)', values: ['a row'] });
      return count;
    }));
    return hundredths(counts.reduce((sum, count) => sum + count, 0) / (performance.now() - begun) * 1_000);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
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
