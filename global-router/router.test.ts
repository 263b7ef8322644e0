import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { readConfig } from './config.ts';
import { startRouter } from './wiring.ts';
import type { RunningRouter } from './wiring.ts';

const KEY = `cs_router_${'k'.repeat(43)}`;
const [acme, globex] = [newId('tenant'), newId('tenant')];
const CELLS = { 'us-1': { region: 'us', url: 'https://us-1.example' }, 'eu-1': { region: 'eu', url: 'https://eu-1.example/' }, 'eu-2': { region: 'eu', url: 'https://eu-2.example' } };

let folder: string;
let file: string;
let router: RunningRouter;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'router-test-'));
  file = path.join(folder, 'directory.json');
  await writeFile(file, JSON.stringify({ cells: CELLS, tenants: [{ tenant_id: acme, slug: 'acme', cell: 'eu-1' }] }));
  router = await startRouter({ host: '127.0.0.1', port: 0, directoryFile: file, keySha256: createHash('sha256').update(KEY).digest('hex'), logLevel: 'silent' });
});
afterEach(async () => {
  await router.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Reply { status: number; headers: Headers; body: Record<string, unknown> }

async function ask(target: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`${router.url}${target}`, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) as Record<string, unknown> };
}

function put(tenantId: string, entry: object, key = KEY): Promise<Reply> {
  return ask(`/directory/tenants/${tenantId}`, { method: 'PUT', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(entry) });
}

describe('where a tenant is', () => {
  const place = { tenant_id: acme, cell: 'eu-1', region: 'eu', cell_url: 'https://eu-1.example' };

  test.each([`slug=acme`, `tenant_id=${acme}`, `key_prefix=cs_key_${acme}`, `key_prefix=cs_tok_${acme}_`])('is told by %s', async (query) => {
    expect(await ask(`/locate?${query}`)).toMatchObject({ status: 200, body: place });
  });

  test.each(['', '?slug=acme&tenant_id=x', `?key_prefix=cs_key_${acme}_key_00000000000000000000000000_${'x'.repeat(43)}`])('is not told by %s', async (query) => {
    expect(await ask(`/locate${query}`)).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
  });

  test('is "not found" for everybody who is not known', async () => {
    for (const query of ['slug=globex', `tenant_id=${globex}`, `key_prefix=cs_key_${globex}`]) expect(await ask(`/locate?${query}`)).toMatchObject({ status: 404 });
  });

  test('is where a browser is sent to sign in', async () => {
    const reply = await ask('/t/acme');
    expect([reply.status, reply.headers.get('location')]).toEqual([302, 'https://eu-1.example/sign-in?tenant=acme']);
    expect((await ask('/t/%2f%2fevil.example')).status).toBe(404);
  });
});

describe('the API', () => {
  const key = `cs_key_${acme}_${newId('api_key')}_${'s'.repeat(43)}`;

  test.each([['a key', { authorization: `Bearer ${key}` }], ['a session', { cookie: `x=1; countersign_session=${acme}.secret` }], ['a session of https', { cookie: `__Host-countersign_session=${acme}.secret` }]])('asked with %s, says where it is and forwards nothing', async (_name, headers) => {
    const reply = await ask('/api/v1/runs', { method: 'POST', headers, body: 'ticket text' });
    expect(reply).toMatchObject({ status: 421, body: { code: 'tenant_elsewhere', cell_url: 'https://eu-1.example', region: 'eu' } });
    expect(JSON.stringify(reply.body)).not.toContain('s'.repeat(43));
  });

  test('asked by nobody known, names nothing', async () => {
    for (const headers of [{}, { authorization: `Bearer ${key.replace(acme, globex)}` }]) expect(await ask('/api/v1/runs', { headers })).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test('answers before a body has come', async () => {
    const socket = connect(Number(new URL(router.url).port), '127.0.0.1');
    socket.write(`POST /api/v1/runs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: 1000000\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1.1 421 /);
  });
});

describe('the directory', () => {
  test('is changed by whoever has its key, and kept', async () => {
    expect(await put(globex, { slug: 'globex', cell: 'us-1' })).toMatchObject({ status: 200, body: { region: 'us', cell_url: 'https://us-1.example' } });
    expect(await ask('/locate?slug=globex')).toMatchObject({ status: 200, body: { tenant_id: globex } });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ tenants: [{ tenant_id: acme }, { tenant_id: globex }] });
    expect((await ask(`/directory/tenants/${globex}`, { method: 'DELETE', headers: { authorization: `Bearer ${KEY}` } })).status).toBe(204);
    expect((await ask('/locate?slug=globex')).status).toBe(404);
  });

  test.each(['', KEY.replace('k', 'x'), 'cs_cell_x'])('is not changed with the key %s', async (key) => {
    expect(await put(globex, { slug: 'globex', cell: 'us-1' }, key)).toMatchObject({ status: 401 });
    expect((await ask('/locate?slug=globex')).status).toBe(404);
  });

  test('moves a tenant within its region and never out of it', async () => {
    expect(await put(acme, { slug: 'acme', cell: 'eu-2' })).toMatchObject({ status: 200, body: { cell: 'eu-2' } });
    expect(await put(acme, { slug: 'acme', cell: 'us-1' })).toMatchObject({ status: 400, body: { detail: expect.stringContaining('is pinned to eu') } });
    expect(await put(acme, { slug: 'acme', cell: 'mars-1' })).toMatchObject({ status: 400, body: { detail: expect.stringContaining('The cells are us-1, eu-1, eu-2.') } });
    expect(await put(globex, { slug: 'acme', cell: 'eu-1' })).toMatchObject({ status: 409, body: { code: 'tenant_slug_taken' } });
    expect(await put('ten_x', { slug: 'x', cell: 'eu-1' })).toMatchObject({ status: 400 });
    expect(await ask('/locate?slug=acme')).toMatchObject({ body: { cell: 'eu-2' } });
  });

  test('takes ten changes at once, each of what the one before has left', async () => {
    const tenants = Array.from({ length: 10 }, () => newId('tenant'));
    await Promise.all(tenants.map((tenant, index) => put(tenant, { slug: `t-${index}`, cell: 'us-1' })));
    expect((JSON.parse(await readFile(file, 'utf8')) as { tenants: unknown[] }).tenants).toHaveLength(11);
  });

  test('that is edited by hand is read again; one that makes no sense leaves what is known', async () => {
    await writeFile(file, JSON.stringify({ cells: CELLS, tenants: [{ tenant_id: globex, slug: 'globex', cell: 'us-1' }] }));
    await utimes(file, 1, 1);
    expect((await ask('/locate?slug=globex')).status).toBe(200);
    await writeFile(file, '{"cells":{},"tenants":[{"tenant_id":"ten_1"}]}');
    await utimes(file, 2, 2);
    expect((await ask('/locate?slug=globex')).status).toBe(200);
  });
});

test('starts with a clear word about what is missing', async () => {
  expect(() => readConfig({})).toThrow('COUNTERSIGN_ROUTER_DIRECTORY is missing');
  expect(() => readConfig({ COUNTERSIGN_ROUTER_DIRECTORY: file, COUNTERSIGN_ROUTER_KEY_SHA256: KEY })).toThrow('64 hexadecimal digits');
  await expect(startRouter({ ...readConfig({ COUNTERSIGN_ROUTER_DIRECTORY: path.join(folder, 'none.json') }), port: 0 })).rejects.toThrow('cannot be read');
});
