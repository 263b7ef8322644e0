import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const BOOTSTRAP = fileURLToPath(new URL('bootstrap.ts', import.meta.url));

let database: TestDatabase;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'control-plane-main-'));
  await FileKeys.open(path.join(folder, 'key'), { create: true });
  env = {
    COUNTERSIGN_CONTROL_DATABASE_URL: database.controlUrl, COUNTERSIGN_KEY_FILE: path.join(folder, 'key'), COUNTERSIGN_OBJECTS_DIR: path.join(folder, 'objects'),
    COUNTERSIGN_PORT: '0', COUNTERSIGN_LOG_LEVEL: 'silent',
  };
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Ended { code: number | null; stdout: string; stderr: string }

function start(file: string, args: string[] = [], changes: Record<string, string> = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const child = fork(file, args, { env: { ...env, ...changes }, silent: true, execArgv: [] });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text: Buffer) => { stdout += text.toString(); });
  child.stderr?.on('data', (text: Buffer) => { stderr += text.toString(); });
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })) };
}

async function listening(child: ChildProcess): Promise<string> {
  const [message] = await once(child, 'message') as [{ listening: string }];
  return message.listening;
}

test('says where it listens, serves, and stops on SIGTERM with an open event stream within 5 s', async () => {
  const made = await start(BOOTSTRAP, ['api-key', '--name', 'x']).ended;
  expect([made.code, made.stdout, made.stderr]).toEqual([1, '', expect.stringContaining('bootstrap.ts init') as string]);
  expect(JSON.parse((await start(BOOTSTRAP, ['init']).ended).stdout)).toMatchObject({ tenant_id: expect.stringMatching(/^ten_/) as string });
  const { api_key } = JSON.parse((await start(BOOTSTRAP, ['api-key', '--name', 'x']).ended).stdout) as { api_key: string };
  const { child, ended } = start(MAIN);
  const url = await listening(child);
  const headers = { authorization: `Bearer ${api_key}` };
  expect((await fetch(`${url}/api/v1/policy`, { headers })).status).toBe(200);
  const stream = await fetch(`${url}/api/v1/events`, { headers });
  const asked_ms = performance.now();
  child.kill('SIGTERM');
  await stream.text();
  const { code, stdout } = await ended;
  expect(performance.now() - asked_ms).toBeLessThan(5_000);
  expect([code, stdout]).toEqual([0, `{"listening":"${url}"}\n`]);
});

test('stops when its parent is gone', async () => {
  const { child } = start(MAIN);
  await listening(child);
  const exited = once(child, 'exit');
  child.disconnect();
  expect((await exited)[0]).toBe(0);
});

test.each<[string, Record<string, string>, string]>([
  ['a missing setting', { COUNTERSIGN_OBJECTS_DIR: '' }, 'COUNTERSIGN_OBJECTS_DIR is missing'],
  ['a wrong number', { COUNTERSIGN_PORT: '80 80' }, 'COUNTERSIGN_PORT is "80 80". Set it to a whole number from 0 to 65535.'],
  ['a wrong choice', { COUNTERSIGN_REGION: 'mars' }, 'COUNTERSIGN_REGION is "mars". Set it to one of: us, eu.'],
  ['a missing key file', { COUNTERSIGN_KEY_FILE: '/nowhere/key' }, 'The key file /nowhere/key is missing. Restore it from your backup'],
])('%s ends it with one clear line', async (_name, changes, message) => {
  const { code, stderr } = await start(MAIN, [], changes).ended;
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('a role that could bypass row-level security is refused', async () => {
  const { code, stderr } = await start(MAIN, [], { COUNTERSIGN_CONTROL_DATABASE_URL: database.adminUrl }).ended;
  expect([code, stderr]).toEqual([1, expect.stringContaining('may bypass row-level security') as string]);
});

test('a port that is taken is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await start(MAIN, [], { COUNTERSIGN_PORT: String(port) }).ended;
  other.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`EADDRINUSE.*${port}`));
});

test('bootstrap says how it is used', async () => {
  for (const args of [[], ['nonsense'], ['api-key'], ['init', 'twice']]) {
    const { code, stderr } = await start(BOOTSTRAP, args).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining('Usage:') as string]);
  }
});
