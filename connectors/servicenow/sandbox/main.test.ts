/** The sandbox as a process: what it prints, how it ends, and that `kill -9` loses nothing. */
import type { ChildProcess } from 'node:child_process';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { call } from './testing/client.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
let dataDir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'servicenow-sandbox-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

function start(environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN], { env: { SANDBOX_PORT: '0', SANDBOX_DATA_DIR: dataDir, SANDBOX_INCIDENTS: '20', ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

async function urlOf(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return (JSON.parse(chunk.toString('utf8')) as { listening: string }).listening;
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

const raise = async (url: string) => (await call<{ tickets: Array<Record<string, string>> }>(url, '/sandbox/tickets', { json: {} })).body.tickets[0] ?? {};

describe('records', () => {
  test('survive kill -9, and numbers go on where they stood', async () => {
    const first = start();
    const url = await urlOf(first);
    const ticket = await raise(url);
    await call(url, `/api/now/table/incident/${ticket['sys_id']}`, { method: 'PATCH', json: { work_notes: 'kept' } });
    first.kill('SIGKILL');
    await once(first, 'close');
    const again = await urlOf(start());
    const { body } = await call(again, `/api/now/table/incident/${ticket['sys_id']}?sysparm_display_value=all`);
    expect(body.result).toMatchObject({ number: { value: ticket['number'] }, sys_mod_count: { value: '1' }, work_notes: { display_value: expect.stringContaining('kept') } });
    expect(Number((await raise(again))['number']?.slice(3))).toBe(Number(ticket['number']?.slice(3)) + 1);
  });

  test('a torn last line is cut off, and what follows is whole', async () => {
    const first = start();
    const ticket = await raise(await urlOf(first));
    first.kill('SIGKILL');
    await once(first, 'close');
    appendFileSync(join(dataDir, 'records.jsonl'), '{"changes":[{"table":"incident","sys_id":"ab');
    const second = start();
    const url = await urlOf(second);
    const next = await raise(url);
    second.kill('SIGKILL');
    await once(second, 'close');
    const third = await urlOf(start());
    for (const { sys_id } of [ticket, next] as Array<{ sys_id: string }>) expect((await call(third, `/api/now/table/incident/${sys_id}`)).status).toBe(200);
    expect(readFileSync(join(dataDir, 'records.jsonl'), 'utf8')).not.toContain('"sys_id":"ab{');
  });

  test('a broken line in the middle stops the start, naming file and line', async () => {
    const first = start();
    await urlOf(first);
    first.kill('SIGTERM');
    await once(first, 'close');
    const file = join(dataDir, 'records.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n');
    lines[4] = lines[4]?.slice(0, 30) ?? '';
    writeFileSync(file, lines.join('\n'));
    const { code, stderr } = await endOf(start());
    expect([code, stderr]).toEqual([3, expect.stringContaining('records.jsonl line 5')]);
  });
});

describe('process', () => {
  test('stops within two seconds on SIGTERM, even with an answer under way', async () => {
    const child = start();
    const url = await urlOf(child);
    await call(url, '/sandbox/faults', { json: { kind: 'slow', delay_ms: 60_000 } });
    const hanging = call(url, '/api/now/table/incident').catch(() => 'cut');
    await expect.poll(async () => (await call<{ faults: unknown[] }>(url, '/sandbox/faults')).body.faults.length).toBe(0);
    const started = performance.now();
    child.kill('SIGTERM');
    expect((await endOf(child)).code).toBe(0);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(await hanging).toBe('cut');
  });

  test('a taken port is exit code 2 with a message, and touches no records', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const port = String((blocker.address() as AddressInfo).port);
    const { code, stderr } = await endOf(start({ SANDBOX_PORT: port, SANDBOX_DATA_DIR: join(dataDir, 'unused') }));
    expect([code, stderr]).toEqual([2, expect.stringContaining(`sandbox_port_taken: port ${port}`)]);
    expect(() => readFileSync(join(dataDir, 'unused/records.jsonl'))).toThrow();
    blocker.close();
  });

  test('a parent with an IPC channel is told the URL, and takes the sandbox with it', async () => {
    const child = fork(MAIN, { env: { SANDBOX_PORT: '0', SANDBOX_INCIDENTS: '0' }, silent: true });
    children.push(child);
    const [message] = (await once(child, 'message')) as [{ listening: string }];
    expect(message.listening).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const exit = once(child, 'exit');
    child.disconnect();
    expect((await exit)[0]).toBe(0);
  });
});

describe('settings', () => {
  test.each([
    [{ SANDBOX_PORT: 'x' }, 'SANDBOX_PORT'], [{ SANDBOX_PORT: '70000' }, 'SANDBOX_PORT'], [{ SANDBOX_INCIDENTS: '-1' }, 'SANDBOX_INCIDENTS'],
    [{ SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:1' }, 'SANDBOX_WEBHOOK_SECRET'], [{ SANDBOX_WEBHOOK_URL: 'x', SANDBOX_WEBHOOK_SECRET: 'whsec_YQ==' }, 'SANDBOX_WEBHOOK_URL'],
    [{ SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:1', SANDBOX_WEBHOOK_SECRET: 'plain' }, 'SANDBOX_WEBHOOK_SECRET'],
    [{ SANDBOX_OAUTH_CLIENT_ID: 'x' }, 'SANDBOX_OAUTH_CLIENT_SECRET'], [{ SANDBOX_HOST: '0.0.0.0' }, 'SANDBOX_ADMIN_PASSWORD'],
  ])('%j is refused, naming %s', (environment, name) => {
    expect(() => readConfig(environment)).toThrow(name);
  });

  test('a bad setting is exit code 2', async () => {
    expect(await endOf(start({ SANDBOX_SEED: 'x' }))).toEqual({ code: 2, stderr: expect.stringContaining('sandbox_config_invalid: SANDBOX_SEED') });
  });
});
