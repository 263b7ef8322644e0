import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { newId } from '../ids/typeid.ts';
import { ApiError } from './api-error.ts';
import { problemOf } from './problem.ts';

export interface RunningServer {
  /** `http://host:port` with the port that was really taken. */
  readonly url: string;
  /** Takes no new connections, lets requests in flight finish for `drain_ms`, then cuts what is left. */
  stop(drain_ms: number): Promise<void>;
}

/**
 * Listens, with limits on how slowly a request may come in. Long answers (event streams) are not limited.
 *
 * @throws Node's own error (`EADDRINUSE`, `EACCES`) when the port cannot be had
 */
export async function startHttpServer(listener: RequestListener, options: { readonly host: string; readonly port: number }): Promise<RunningServer> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: MAX_HEADER_BYTES }, listener);
  server.on('clientError', refuseUnreadable);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => { server.off('error', reject); resolve(); });
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, stop: (drain_ms) => drain(server, drain_ms) };
}

/** What cannot be read as HTTP never gets to a route; it is told why all the same, unless an answer may be under way on this connection. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET' || ('bytesWritten' in socket && socket.bytesWritten !== 0)) {
    socket.destroy();
    return;
  }
  const requestId = newId('request');
  const problem = problemOf(new ApiError('request_invalid', UNREADABLE[error.code ?? ''] ?? 'The request is not valid HTTP/1.1.'), { requestId, path: '' });
  const body = JSON.stringify(problem);
  const head = [`HTTP/1.1 ${problem.status} Bad Request`, 'connection: close', 'content-type: application/problem+json', `content-length: ${Buffer.byteLength(body)}`, `x-request-id: ${requestId}`];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const MAX_HEADER_BYTES = 32 * 1024;
const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: `The headers are larger than ${MAX_HEADER_BYTES} bytes. Send fewer or shorter ones.`,
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not come in time: headers within 10 s, all of it within 30 s.',
};

async function drain(server: Server, drain_ms: number): Promise<void> {
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), drain_ms);
  await closed;
  clearTimeout(cut);
}
