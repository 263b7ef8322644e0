import type { TestProject } from 'vitest/node';
import { startPostgres, type RunningPostgres } from '../postgres/postgres.ts';
import { makeScratch, type Scratch } from './scratch.ts';
import { testDatabaseUrl } from './config.ts';

/** The browser test of identities starts a control plane alone; cells bring a PostgreSQL of their own. */
const NEEDS_POSTGRES = /(\.db|\/iac\/local\/identity\.browser)\.test\.ts$/;

/**
 * Vitest's global set-up: provides `postgresAdminUrl` to the database tests. It is the server named by
 * COUNTERSIGN_TEST_DATABASE_URL (`npm test` starts that one), else one of its own, started only when a selected file needs it.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = testDatabaseUrl();
  if (given !== undefined) {
    project.provide('postgresAdminUrl', given);
    return undefined;
  }
  const { testFiles } = await project.globTestFiles(selectedNames(project));
  if (!testFiles.some((file) => NEEDS_POSTGRES.test(file))) return undefined;
  const server = await startTestPostgres();
  project.provide('postgresAdminUrl', server.adminUrl);
  return () => server.stop();
}

/** The data is thrown away afterwards, so nothing is gained by waiting for the disk. */
const HASTY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/** A PostgreSQL in a scratch folder on a free port. `stop` removes the folder too. */
export async function startTestPostgres(settings: Readonly<Record<string, string>> = HASTY, scratch?: Scratch): Promise<RunningPostgres> {
  const { folder, remove } = scratch ?? await makeScratch();
  const server = await startPostgres({ dataDir: folder, log: () => undefined, settings });
  const stop = async (): Promise<void> => {
    await server.stop();
    await remove();
  };
  return { ...server, stop };
}

/** The file names given on vitest's command line. Vitest keeps them in a field it does not publish; without it all files count. */
function selectedNames(project: TestProject): string[] {
  const pattern: unknown = 'filenamePattern' in project.vitest ? project.vitest.filenamePattern : undefined;
  return Array.isArray(pattern) ? pattern.filter((name) => typeof name === 'string') : [];
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection string of the superuser of the test run's own PostgreSQL. */
    postgresAdminUrl: string;
  }
}
