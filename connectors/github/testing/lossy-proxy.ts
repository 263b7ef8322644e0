import { once } from 'node:events';
import { createServer, request as requestOf } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy {
  readonly url: string;
  readonly requests: Array<{ readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders }>;
  /** The next request of this method whose path ends so is cut: before it reaches the peer, or after the peer has done it. */
  loseNext(method: string, pathEnd: string, point: 'before' | 'after'): void;
  /** The next request is answered with this instead of by the peer. */
  answerNext(answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }): void;
  heal(): void;
  close(): Promise<void>;
}

/** Stands between a connector and its peer on real sockets, and loses answers when it is told to. */
export async function startLossyProxy(peer: string): Promise<LossyProxy> {
  let lose: { method: string; pathEnd: string; point: 'before' | 'after' } | null = null;
  let answer: Parameters<LossyProxy['answerNext']>[0] | null = null;
  const requests: LossyProxy['requests'] = [];
  const server = createServer((incoming, outgoing) => {
    const [method, url] = [incoming.method ?? '', incoming.url ?? ''];
    const path = url.split('?')[0] ?? '';
    requests.push({ method, path, headers: incoming.headers });
    if (answer !== null) {
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      answer = null;
      return;
    }
    const lost = lose !== null && lose.method === method && path.endsWith(lose.pathEnd) ? lose.point : null;
    if (lost !== null) lose = null;
    if (lost === 'before') {
      incoming.resume().on('end', () => incoming.socket.destroy());
      return;
    }
    const passed = requestOf(`${peer}${url}`, { method, headers: { ...incoming.headers, host: new URL(peer).host } }, (reply: IncomingMessage) => {
      if (lost === 'after') {
        reply.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    passed.on('error', () => incoming.socket.destroy());
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    loseNext: (method, pathEnd, point) => { lose = { method, pathEnd, point }; },
    answerNext: (with_) => { answer = with_; },
    heal: () => { [lose, answer] = [null, null]; },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
