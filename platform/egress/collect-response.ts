import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { EgressLimits, GuardedResponse } from './limits.ts';
import { EgressError } from './errors.ts';

const unzip = promisify(gunzip);

export interface Bounds {
  readonly signal: AbortSignal;
  /** The part of `signal` that is our own time-out. */
  readonly deadline: AbortSignal;
  readonly limits: EgressLimits;
}

/** Sends one request and gathers its answer within bounds, remembering whether anything had left when it failed. */
export async function collectResponse(client: Dispatcher, request: Dispatcher.DispatchOptions, bounds: Bounds): Promise<GuardedResponse> {
  const raw = await dispatch(client, request, bounds);
  return { ...raw, body: await decompressed(raw, bounds.limits) };
}

function dispatch(client: Dispatcher, request: Dispatcher.DispatchOptions, bounds: Bounds): Promise<GuardedResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size_bytes = 0;
    let sent = false;
    let head: { status: number; headers: Record<string, string> } | null = null;
    let controller: Dispatcher.DispatchController | null = null;

    const fail = (error: Error): void => {
      bounds.signal.removeEventListener('abort', onAbort);
      reject(error);
    };
    const onAbort = (): void => {
      const error = abortError(bounds, sent);
      controller?.abort(error);
      // Before there is a controller the request waits for its connection, which ends by its own time-out.
      fail(error);
    };
    if (bounds.signal.aborted) {
      onAbort();
      return;
    }
    bounds.signal.addEventListener('abort', onAbort, { once: true });

    client.dispatch(request, {
      onRequestStart(started) {
        controller = started;
        if (bounds.signal.aborted) started.abort(abortError(bounds, sent));
        else sent = true;
      },
      onResponseStart(started, status, headers) {
        if (Object.values(headers).flat().length > bounds.limits.header_count) started.abort(tooManyHeaders(bounds.limits.header_count));
        head = { status, headers: flattened(headers) };
      },
      onResponseData(started, chunk) {
        size_bytes += chunk.length;
        if (size_bytes > bounds.limits.response_bytes) started.abort(tooLarge(bounds.limits.response_bytes));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        bounds.signal.removeEventListener('abort', onAbort);
        if (head !== null) resolve({ ...head, body: Buffer.concat(chunks) });
      },
      onResponseError(_started, error) {
        fail(translated(error, sent, bounds));
      },
    });
  });
}

function flattened(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : (value ?? '')]));
}

/** Undici's errors in our words. Whatever is not known to have failed before sending counts as sent. */
function translated(error: Error, sent: boolean, { limits }: Bounds): EgressError {
  if (error instanceof EgressError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return new EgressError('timeout', 'The peer did not answer in time.', { sent, cause: error });
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return tooLarge(limits.response_bytes);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return new EgressError('response_too_large', 'The answer\'s headers are too large.', { sent, cause: error });
  // The peer ends the handshake with this alert, so it has read no request yet. TLS 1.3 clients learn of it only after they wrote one.
  if (CERTIFICATE_ALERT.test(code)) return new EgressError('tls_failed', `The peer did not accept the client certificate, or wants one (${code}).`, { sent: false, cause: error });
  if (error.name === 'HTTPParserError') return new EgressError('response_invalid', 'The peer\'s answer is not HTTP.', { sent, cause: error });
  if (code === 'UND_ERR_INVALID_ARG') return new EgressError('request_invalid', 'The request cannot be written as HTTP.', { sent, cause: error });
  return new EgressError('connection_lost', 'The connection was lost before the answer was complete.', { sent, cause: error });
}

const CERTIFICATE_ALERT = /^ERR_SSL_\w*_ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED|NO_CERTIFICATE|HANDSHAKE_FAILURE)$/;

function abortError({ deadline }: Bounds, sent: boolean): EgressError {
  return deadline.aborted
    ? new EgressError('timeout', 'The exchange took longer than its time limit.', { sent })
    : new EgressError('aborted', 'The call was stopped by its caller.', { sent });
}

function tooLarge(limit_bytes: number): EgressError {
  return new EgressError('response_too_large', `The answer is larger than ${limit_bytes} bytes.`, { sent: true });
}

function tooManyHeaders(limit: number): EgressError {
  return new EgressError('response_too_large', `The answer has more than ${limit} headers.`, { sent: true });
}

async function decompressed({ headers, body }: GuardedResponse, limits: EgressLimits): Promise<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '' || body.length === 0) return body;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') throw new EgressError('response_invalid', `The peer used the content encoding ${encoding}, which was not offered.`, { sent: true });
  try {
    return await unzip(body, { maxOutputLength: limits.decompressed_bytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new EgressError('response_too_large', `The answer unpacks to more than ${limits.decompressed_bytes} bytes.`, { sent: true, cause });
    throw new EgressError('response_invalid', 'The answer is not valid gzip.', { sent: true, cause });
  }
}
