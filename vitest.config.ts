import { defineConfig } from 'vitest/config';

/**
 * One runner for every suite. The kind of test is in its file name:
 * `*.test.ts` needs nothing but Node, `*.db.test.ts` a PostgreSQL (started once by `iac/local/test/postgres-setup.ts`),
 * `*.cell.test.ts` a whole running cell, `*.browser.test.ts` a cell and Chromium.
 */
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'web/dist/**', '.cache/**', '.countersign/**'],
    globalSetup: ['iac/local/test/scratch-setup.ts', 'iac/local/test/postgres-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
