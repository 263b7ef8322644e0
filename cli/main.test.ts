import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** An API that refuses as ours does, and gives one bundle. */
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const known = request.url === '/api/v1/runs/run_known/evidence';
    response.writeHead(known ? 200 : 404, { 'content-type': known ? 'application/zip' : 'application/problem+json' });
    response.end(known ? 'bytes' : JSON.stringify({ code: 'not_found', detail: 'There is no such thing.', request_id: 'req_1' }));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => { server.close(resolve); }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function countersign(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: { COUNTERSIGN_URL: url, COUNTERSIGN_API_KEY: 'key', ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

it.each([
  ['an unknown command', ['nope'], "unknown command 'nope'"],
  ['an unknown command of a group', ['runs', 'nope'], "unknown command 'nope'"],
  ['an approval without a digest', ['approvals', 'approve', 'apr_1'], '--digest'],
  ['a rejection without a reason', ['approvals', 'reject', 'apr_1', '--digest', 'sha256:00'], '--reason'],
  ['an amount that is none', ['budgets', 'set', '--monthly', '1e3'], '1e3 is no amount'],
  ['no limit at all', ['budgets', 'set'], 'Name a limit'],
  ['a bundle that is not there', ['evidence', 'verify', '/nonexistent'], '/nonexistent cannot be read'],
  ['an output that cannot be written', ['evidence', 'get', 'run_known', '-o', '/nonexistent/file'], '/nonexistent/file cannot be written'],
])('%s ends with 2 and says what is wrong', async (_, args, words) => {
  const ended = await countersign(args);
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) as string });
  expect(ended.stderr).not.toMatch(/\n +at /);
});

it.each([['runs', 'get', 'x'], ['approvals', 'show', 'x'], ['evidence', 'get', 'x'], ['keys'], ['cost'], ['budgets', 'get'], ['budgets', 'set', '--run', 'none']])('%s %s: a refusal is told in the words of the API', async (...args) => {
  expect(await countersign(args)).toEqual({ code: 1, stdout: '', stderr: 'not_found: There is no such thing. (req_1)\n' });
});

it('its own --version does not take that of a command', async () => {
  expect(await countersign(['workflows', 'activate', 'triage', '--version', '1'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('not_found') as string });
  expect(await countersign(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
});

it('says how to get a key, that the cell is down, and that the address is none', async () => {
  expect(await countersign(['runs', 'list'], { COUNTERSIGN_API_KEY: '' })).toMatchObject({ code: 1, stderr: expect.stringContaining('Set COUNTERSIGN_API_KEY') as string });
  expect(await countersign(['runs', 'list'], { COUNTERSIGN_URL: 'http://127.0.0.1:1' })).toMatchObject({ code: 1, stderr: expect.stringContaining('Is the cell running?') as string });
  expect(await countersign(['runs', 'list'], { COUNTERSIGN_URL: 'file:///x' })).toMatchObject({ code: 2, stderr: expect.stringContaining('COUNTERSIGN_URL is not an http or https URL') as string });
});

it('sets one limit, leaves the other, and names the version that it read', async () => {
  const asked: Array<{ method: string; ifMatch: string | undefined; body: string }> = [];
  const month = { period: '2026-11', ends_at: '2026-12-01T00:00:00.000Z', spent_usd: '1.5', reserved_usd: '0', state: 'ok' };
  const budgets = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); }).on('end', () => {
      asked.push({ method: request.method ?? '', ifMatch: request.headers['if-match'], body });
      const limits = body === '' ? { monthly_limit_usd: '10', run_limit_usd: '1' } : JSON.parse(body) as object;
      response.writeHead(200, { 'content-type': 'application/json', etag: '"7"' }).end(JSON.stringify({ ...limits, set_by: null, set_at: null, month }));
    });
  });
  await new Promise<void>((resolve) => { budgets.listen(0, '127.0.0.1', resolve); });
  const { code, stdout } = await countersign(['budgets', 'set', '--monthly', '250'], { COUNTERSIGN_URL: `http://127.0.0.1:${(budgets.address() as AddressInfo).port}` });
  expect(code).toBe(0);
  expect(stdout).toMatch(/month 2026-11 +250 +1\.5 +0 +ok/);
  expect(asked).toEqual([{ method: 'GET', ifMatch: undefined, body: '' }, { method: 'PUT', ifMatch: '"7"', body: '{"monthly_limit_usd":"250","run_limit_usd":"1"}' }]);
  await new Promise((resolve) => { budgets.close(resolve); });
});
