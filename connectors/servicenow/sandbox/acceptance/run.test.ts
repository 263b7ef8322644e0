/** The runner itself; the acceptance proper needs the collection and is no part of the default run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { countTasks } from './playbook-run.ts';

test('without the collection it says what is missing and how to get it', () => {
  const empty = mkdtempSync(join(tmpdir(), 'no-collection-'));
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('run.ts', import.meta.url)), '--collection', empty], { encoding: 'utf8' });
  rmSync(empty, { recursive: true });
  expect(status).toBe(2);
  expect(stderr).toContain('servicenow.itsm');
  expect(stderr).toContain('--collection');
});

test('failures that a test asks for count as passed, others are named', () => {
  const task = (name: string, result: unknown) => ({ task: { name }, hosts: { localhost: result } });
  const plays = [{ tasks: [task('wanted failure', { failed: true, msg: 'as expected' }), task('real failure', { failed: true, msg: 'oh' })] }];
  expect(countTasks({ plays, stats: { localhost: { ok: 3, ignored: 1, failures: 1, unreachable: 0, skipped: 2 } } })).toEqual({
    passed: 3, skipped: 2, failed: [{ task: 'real failure', message: 'oh' }],
  });
});
