import { expect, it } from 'vitest';
import { readConfig } from './config.ts';
import type { WorkerConfig } from './config.ts';

const read = (env: Record<string, string> = {}): WorkerConfig =>
  readConfig({ COUNTERSIGN_EXECUTION_DATABASE_URL: 'postgres://localhost/cell', COUNTERSIGN_OBJECTS_DIR: '/objects', COUNTERSIGN_KEY_FILE: '/key', ...env });

it('policy is looked for every five minutes, a bundle decides for fifteen, content is kept for two weeks', () => {
  expect(read()).toMatchObject({ policyRefreshMs: 300_000, policyTtlMs: 900_000, policyThreads: 2, retentionDays: 14 });
});

it('policy may be looked for as seldom as its bundles live, or never again; not less often than that', () => {
  expect(read({ COUNTERSIGN_POLICY_REFRESH_SECONDS: '900' }).policyRefreshMs).toBe(900_000);
  expect(read({ COUNTERSIGN_POLICY_REFRESH_SECONDS: '0' }).policyRefreshMs).toBe(0);
  expect(() => read({ COUNTERSIGN_POLICY_REFRESH_SECONDS: '901' })).toThrow('COUNTERSIGN_POLICY_REFRESH_SECONDS is "901". Set it to a whole number from 0 to 900.');
});
