import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boundFetch } from './bound-fetch.ts';

let server: Server;
let origin: string;
const asked: Array<{ method: string; url: string; type: string | undefined; body: string }> = [];

beforeAll(async () => {
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      asked.push({ method: request.method ?? '', url: request.url ?? '', type: request.headers['content-type'], body: Buffer.concat(chunks).toString('utf8') });
      if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.2:9/' }).end();
      else if (request.url === '/nothing') response.writeHead(204).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('asks like fetch, and gives the answer like fetch', async () => {
  const bound = boundFetch({ allowLoopback: true });
  expect(await (await bound.fetch(`${origin}/a?b=c%20d`)).json()).toEqual({ ok: true });
  expect((await bound.fetch(new URL('/nothing', origin), { method: 'POST', body: new URLSearchParams({ code: 'x y' }) })).status).toBe(204);
  expect(asked.slice(-2)).toEqual([
    { method: 'GET', url: '/a?b=c+d', type: undefined, body: '' },
    { method: 'POST', url: '/nothing', type: 'application/x-www-form-urlencoded;charset=UTF-8', body: 'code=x+y' },
  ]);
  await bound.close();
});

test.each([
  ['this machine, where no stand-ins are allowed', false, undefined, () => origin, /COUNTERSIGN_STAND_INS/],
  ['plain http to anybody else', true, undefined, () => 'http://example.test/', /https/],
  ['another origin than the one it is bound to', true, 'https://idp.example.test', () => origin, /not to https:\/\/idp.example.test/],
  ['a file', true, undefined, () => 'file:///etc/passwd', /https/],
])('does not ask %s', async (_name, allowLoopback, only, url, message) => {
  const before = asked.length;
  const bound = boundFetch({ allowLoopback, ...(only === undefined ? {} : { origin: only }) });
  await expect(bound.fetch(url())).rejects.toThrow(message);
  expect(asked).toHaveLength(before);
  await bound.close();
});

test.each(['https://127.0.0.1/', 'https://localhost/', 'https://169.254.169.254/', 'https://[::ffff:127.0.0.1]/', 'https://2130706433/'])('does not reach what is inside by https: %s', async (url) => {
  const bound = boundFetch({ allowLoopback: false });
  await expect(bound.fetch(url)).rejects.toMatchObject({ code: 'address_not_allowed', sent: false });
  await bound.close();
});

test('does not follow to another place', async () => {
  const bound = boundFetch({ allowLoopback: true });
  await expect(bound.fetch(`${origin}/away`)).rejects.toMatchObject({ code: 'redirect_not_allowed' });
  await bound.close();
});
