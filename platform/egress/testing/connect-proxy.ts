import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A real CONNECT proxy on the loopback address. Where a tunnel really goes is up to the test, so that public addresses need no network. */
export interface TestProxy {
  readonly url: string;
  readonly port: number;
  /** What it was asked for, with the credential that came along. */
  readonly asked: Array<{ readonly authority: string; readonly authorization: string | undefined }>;
  close(): Promise<void>;
}

export interface TestProxyOptions {
  /** The local port that an authority is connected to; a status instead refuses. */
  route(authority: string, authorization: string | undefined): { readonly port: number } | { readonly status: number };
}

export async function startTestProxy({ route }: TestProxyOptions): Promise<TestProxy> {
  const asked: Array<{ authority: string; authorization: string | undefined }> = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(405).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.on('connect', (request, socket) => {
    const authorization = request.headers['proxy-authorization'];
    asked.push({ authority: request.url ?? '', authorization });
    const way = route(request.url ?? '', authorization);
    if ('status' in way) return void socket.end(`HTTP/1.1 ${way.status} No\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 0\r\n\r\n`);
    const peer = connect(way.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(peer).pipe(socket);
    });
    peer.on('error', () => socket.destroy());
    socket.on('error', () => peer.destroy()).on('close', () => peer.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`, port, asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
