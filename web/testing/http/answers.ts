import type { IncomingMessage, ServerResponse } from 'node:http';
import { ERROR_CATALOGUE, type ErrorCode } from '@countersign/contracts/errors/catalogue.ts';

/** An answer before it is written: JSON, or a problem with a code of the catalogue. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

export function problem(code: ErrorCode, detail: string, extra: Record<string, unknown> = {}): Answer {
  const { status, title } = ERROR_CATALOGUE[code];
  return { status, body: { type: `https://countersign.dev/errors/${code}`, title, status, detail, instance: '/api/v1', code, request_id: 'req_01kstandin0000000000000000', ...extra } };
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** A page by cursor; here the cursor is the place of its first item. */
export function page(all: readonly unknown[], query: URLSearchParams): Answer {
  const limit = Number(query.get('limit') ?? '50');
  const from = Number(query.get('cursor') ?? '0');
  return ok({ items: all.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : null });
}

export function write(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const isProblem = status >= 400;
  response.writeHead(status, { 'cache-control': 'no-store', ...(body === undefined ? {} : { 'content-type': isProblem ? 'application/problem+json' : 'application/json' }), ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}
