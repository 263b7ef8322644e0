import { mkdir, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_SANDBOX_URL: 'http://localhost:8090/now' }); });
afterAll(() => plane.stop());

const get = (url: string, init: RequestInit = {}): Promise<Response> => fetch(`${plane.url}${url}`, init);

test('before the console is built every page says how to build it; afterwards every page is the console', async () => {
  const before = await get('/runs/run_1');
  expect([before.status, await before.text()]).toEqual([503, expect.stringContaining('npm run build -w web') as string]);
  await mkdir(path.join(plane.config.consoleFolder, 'assets'), { recursive: true });
  await writeFile(path.join(plane.config.consoleFolder, 'index.html'), '<!doctype html><title>Countersign</title>');
  await writeFile(path.join(plane.config.consoleFolder, 'assets/app-1a2b.js'), 'export {};');
  for (const page of ['/', '/runs/run_1', '/approvals?state=pending']) expect(await (await get(page)).text()).toContain('<title>Countersign</title>');
  expect((await get('/assets/app-1a2b.js')).headers.get('cache-control')).toContain('immutable');
  expect((await get('/')).headers.get('cache-control')).toBe('no-cache');
  for (const missing of ['/assets/gone.js', '/..%2f..%2fkey', '/favicon.ico']) expect([missing, (await get(missing)).status]).toEqual([missing, 404]);
});

test('every answer has the security headers; connections go to us and the sandbox only', async () => {
  for (const url of ['/', '/api/v1/me', '/healthz', '/nothing.js']) {
    const { headers } = await get(url);
    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(headers.get('content-security-policy')).toContain("connect-src 'self' http://localhost:8090;");
    expect([headers.get('x-content-type-options'), headers.get('x-frame-options'), headers.get('x-powered-by')]).toEqual(['nosniff', 'DENY', null]);
    expect(headers.get('x-request-id')).toMatch(/^req_/);
  }
});

test.each<[string, string, RequestInit, number, string]>([
  ['an unknown path', '/api/v1/nothing', {}, 404, 'not_found'],
  ['another method', '/api/v1/me', { method: 'DELETE' }, 405, 'method_not_allowed'],
  ['another method of ingestion', '/api/v1/ingest/desk/ins_1', {}, 405, 'method_not_allowed'],
  ['a broken escape', '/api/v1/runs/%zz', {}, 400, 'request_invalid'],
  ['a NUL in a path', '/api/v1/runs/%00', {}, 400, 'request_invalid'],
  ['a NUL in the instance of a webhook', '/api/v1/ingest/desk/ins%00', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }, 400, 'request_invalid'],
  ['a NUL in the name of a file', '/assets/%00.js', {}, 400, 'request_invalid'],
  ['a method that only diagnoses', '/api/v1/me', { method: 'OPTIONS' }, 405, 'method_not_allowed'],
  ['no content type', '/api/v1/sign-in', { method: 'POST', body: new Uint8Array([123, 125]) }, 415, 'media_type_unsupported'],
  ['no JSON', '/api/v1/sign-in', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }, 400, 'json_invalid'],
  ['a body over 1 MiB', '/api/v1/sign-in', { method: 'POST', body: ' '.repeat(1_048_577), headers: { 'content-type': 'application/json' } }, 413, 'body_too_large'],
])('%s is a problem with its code and the request\'s id', async (_name, url, init, status, code) => {
  const response = await get(url, init);
  const body = (await response.json()) as Record<string, unknown>;
  expect([response.status, response.headers.get('content-type'), body['code']]).toEqual([status, 'application/problem+json', code]);
  expect(body['request_id']).toBe(response.headers.get('x-request-id'));
});

test('paths have one spelling: in capitals they are not the API', async () => {
  expect((await get('/API/V1/me')).headers.get('content-type')).not.toContain('json');
});

test.each(['/../../etc/passwd', '/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/package.json', '/assets/..%5c..%5cpackage.json', '/assets/../../package.json', '//etc/passwd', '/.env', '/.git/config'])('%s gives no file outside of the console', async (path) => {
  // fetch would tidy the path up before it is sent.
  const { hostname, port } = new URL(plane.url);
  const body = await new Promise<string>((resolve, reject) => {
    httpGet({ hostname, port, path }, (response) => { response.setEncoding('utf8').toArray().then((chunks) => resolve(chunks.join('')), reject); }).on('error', reject);
  });
  expect(body).toMatch(/^<!doctype html>|"code":"not_found"/i);
});

test('the allowed methods are named', async () => {
  expect((await get('/api/v1/runs', { method: 'PATCH' })).headers.get('allow')).toBe('GET, POST');
});

test('it says when it is alive and ready', async () => {
  expect(await (await get('/healthz')).json()).toEqual({ ok: true });
  expect(await (await get('/readyz')).json()).toEqual({ ready: true });
});
