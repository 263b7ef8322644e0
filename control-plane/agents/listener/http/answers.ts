import { pipeline } from 'node:stream';
import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { ApiError } from '@countersign/platform/http/api-error.ts';
import { problemOf } from '@countersign/platform/http/problem.ts';
import type { AgentAnswer } from './routes.ts';

export function sendAnswer(stream: ServerHttp2Stream, { status, headers = {}, json, bytes }: AgentAnswer): void {
  if (!canAnswer(stream)) return;
  if (json !== undefined) return send(stream, status, { ...headers, 'content-type': 'application/json' }, Buffer.from(JSON.stringify(json)));
  if (bytes === undefined || bytes instanceof Uint8Array) return send(stream, status, headers, bytes ?? Buffer.alloc(0));
  stream.respond({ ':status': status, 'cache-control': 'no-store', ...headers });
  // An answer that breaks off is reset, so that half of it is not taken for whole.
  pipeline(bytes, stream, (error) => { if (error) stream.close(constants.NGHTTP2_INTERNAL_ERROR); });
}

/** RFC 9457, as everywhere in the API. */
export function sendProblem(stream: ServerHttp2Stream, error: ApiError, at: { readonly requestId: string; readonly path: string }): void {
  if (!canAnswer(stream)) return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  const problem = problemOf(error, at);
  const retry: Record<string, string> = error.retryAfter_s === undefined ? {} : { 'retry-after': String(error.retryAfter_s) };
  send(stream, problem.status, { ...retry, 'content-type': 'application/problem+json' }, Buffer.from(JSON.stringify(problem)));
}

function send(stream: ServerHttp2Stream, status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): void {
  stream.respond({ ':status': status, 'cache-control': 'no-store', 'content-length': String(body.length), ...headers });
  stream.end(body);
}

function canAnswer(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed && !stream.headersSent;
}
