/** One request as the routes see it: parsed once, body read whole and bounded. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TableApiError } from './errors.ts';
import { certificateUser } from './tls.ts';

const JSON_BODY_LIMIT_BYTES = 5 * 1024 * 1024;
const ATTACHMENT_LIMIT_BYTES = 64 * 1024 * 1024;

export interface SandboxRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** `http://host:port` as the caller named it, for links. */
  baseUrl: string;
  /** The user that the connection's client certificate names, where it has a good one. */
  certificateUser: string | undefined;
}

/** Reads a request. Throws 413 where the body is larger than the sandbox takes. */
export async function readRequest(message: IncomingMessage, ownUrl: string, now: Date): Promise<SandboxRequest> {
  const target = message.url ?? '/';
  if (!target.startsWith('/') || !URL.canParse(`http://sandbox.invalid${target}`)) throw new TableApiError(400, 'Bad Request', 'The request target cannot be read');
  const url = new URL(`http://sandbox.invalid${target}`);
  const limit = url.pathname.endsWith('/attachment/file') ? ATTACHMENT_LIMIT_BYTES : JSON_BODY_LIMIT_BYTES;
  return {
    method: message.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: message.headers,
    body: await readBody(message, limit),
    baseUrl: message.headers.host === undefined ? ownUrl : `${new URL(ownUrl).protocol}//${message.headers.host}`,
    certificateUser: certificateUser(message, now),
  };
}

/** The object a JSON body holds. Only the first record of a body with several is used, as documented. */
export function recordInBody(body: Buffer): Record<string, unknown> {
  const parsed = parseJson(body);
  const first: unknown = Array.isArray(parsed) ? parsed[0] : isObject(parsed) && Array.isArray(parsed['records']) ? parsed['records'][0] : parsed;
  if (!isObject(first)) throw malformedBody();
  return first;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw malformedBody();
  }
}

function malformedBody(): TableApiError {
  return new TableApiError(400, 'Exception while reading request', 'The payload is not valid JSON');
}

async function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new TableApiError(413, 'Request entity too large', `The sandbox takes at most ${limit} bytes`, { connection: 'close' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
