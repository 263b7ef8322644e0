import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

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
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: 32 * 1024 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => { server.off('error', reject); resolve(); });
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, stop: (drain_ms) => drain(server, drain_ms) };
}

async function drain(server: Server, drain_ms: number): Promise<void> {
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), drain_ms);
  await closed;
  clearTimeout(cut);
}
