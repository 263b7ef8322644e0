import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Plant } from './testing/plant.ts';
import { sql } from './testing/queries.ts';

let plant: Plant;
let started: ChildProcess[] = [];
beforeEach(async () => { plant = await Plant.open(); });
afterEach(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  started = [];
  await plant.close();
});

function start(env: Record<string, string>): ChildProcess {
  const child = fork(new URL('./main.ts', import.meta.url), { execArgv: [], env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  started.push(child);
  return child;
}

function settings(): Record<string, string> {
  const config = plant.config();
  return { COUNTERSIGN_EXECUTION_DATABASE_URL: config.databaseUrl, COUNTERSIGN_OBJECTS_DIR: config.objectsFolder, COUNTERSIGN_KEY_FILE: `${plant.folder}/key`, COUNTERSIGN_WORKER_ID: 'process', COUNTERSIGN_LOG_LEVEL: 'silent' };
}

it('says when it is ready, is listed while it lives, and leaves when its parent does', async () => {
  const child = start(settings());
  expect((await once(child, 'message'))[0]).toEqual({ ready: true });
  const workers = (): Promise<unknown[]> => plant.database.execution.forNoTenant((tx) => tx.rows(sql('workers', 'SELECT id FROM execution.workers')));
  await plant.until(async () => (await workers()).length === 1 || null);
  const exited = once(child, 'exit');
  child.disconnect();
  expect(await exited).toEqual([0, null]);
  expect(await workers()).toEqual([]);
});

it('stops on SIGTERM', async () => {
  const child = start(settings());
  await once(child, 'message');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

it('says which setting is missing', async () => {
  const child = start({});
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(said).toBe('countersign worker: COUNTERSIGN_EXECUTION_DATABASE_URL is missing. Set it to the connection string of the role countersign_execution.\n');
});
