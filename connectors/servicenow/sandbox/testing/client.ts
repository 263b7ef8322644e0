/** For the tests of the sandbox: a plain HTTP client, and a receiver of webhooks over a real socket. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const ADMIN = basic('admin', 'sandbox-admin');
export const INTEGRATION = basic('countersign.integration', 'sandbox-integration');

export interface Reply<Body = unknown> {
  status: number;
  headers: Headers;
  text: string;
  body: Body;
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Sends a request; a given `json` is sent as JSON. The reply's `body` is parsed where it is JSON. */
export async function call<Body = { result: Record<string, string> }>(
  url: string,
  path: string,
  options: { method?: string; as?: string; json?: unknown; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply<Body>> {
  const { as = ADMIN, json, method = json === undefined ? 'GET' : 'POST' } = options;
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: { accept: 'application/json', ...(as === '' ? {} : { authorization: as }), ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
    body: json === undefined ? (options.body ?? null) : JSON.stringify(json),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
  return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : undefined) as Body };
}

export interface ReceivedHook {
  headers: Record<string, string>;
  body: string;
}

export interface HookReceiver {
  url: string;
  /** Resolves with the first `count` messages, as soon as there are so many. */
  received(count: number): Promise<ReceivedHook[]>;
  all(): readonly ReceivedHook[];
  stop(): Promise<void>;
}

export async function hookReceiver(status = 202): Promise<HookReceiver> {
  const hooks: ReceivedHook[] = [];
  let arrived = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      hooks.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(status).end();
      arrived.resolve();
      arrived = Promise.withResolvers<void>();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: async (count) => {
      while (hooks.length < count) await arrived.promise;
      return hooks.slice(0, count);
    },
    all: () => hooks,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
