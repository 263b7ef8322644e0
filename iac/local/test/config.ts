import { join } from 'node:path';
import { toolEnvironment } from '@countersign/platform/tidy/config.ts';

/** A PostgreSQL to test against (superuser URL). Unset: the tests start one of their own. */
export const TEST_DATABASE_URL = 'COUNTERSIGN_TEST_DATABASE_URL';

export function testDatabaseUrl(): string | undefined {
  return process.env[TEST_DATABASE_URL] || undefined;
}

/**
 * This process's temporary folder from now on, and that of what it starts. Node keeps there, too, what it compiled: hundreds of processes of a
 * run load the same modules.
 */
export function keepTemporaryFilesIn(folder: string): void {
  process.env['TMPDIR'] = folder;
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled');
}

/** The environment of what a test run starts: that of the repository's tools, and nothing that calls home. */
export function runEnvironment(root: string, extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...toolEnvironment(root), REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', ...extra };
}
