import { defineConfig } from 'vitest/config';
import { LongestFirst } from './iac/local/test/longest-first.ts';

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
    setupFiles: ['iac/local/test/keep-compiled.ts'],
    // They end what hangs, and say nothing about how long a test takes on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Vitest's own second is short on a busy machine; what holds is found after the same few milliseconds.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    // One more than the two cores of the smallest machine: tests wait for a database or a browser some of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
