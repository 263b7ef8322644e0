import { createHash } from 'node:crypto';
import { createServer, request as forward } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  /** Method, target and body: two requests with the same signature told the peer the same. */
  readonly signature: string;
  /** For reports: the method and the head of the target. */
  readonly shown: string;
  readonly path: string;
}

/**
 * Stands where a peer would stand and keeps everything that arrives. What a stand-in can answer it answers in the peer's place, so that
 * an attack gets as far as it would in earnest; without one it answers an empty object.
 */
export interface Recorder {
  /** `http://localhost:<port>`: a name, that is resolved like every other. */
  readonly url: string;
  /** What has come since the last time. */
  take(): RecordedRequest[];
  stop(): Promise<void>;
}

export async function startRecorder(standInUrl: string | null): Promise<Recorder> {
  let recorded: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { method = 'GET', url = '/' } = request;
    const digest = createHash('sha256').update(body).digest('hex');
    recorded.push({ signature: `${method} ${url} ${digest}`, shown: `${method} ${url.slice(0, 200)}`, path: url.split('?')[0] ?? '/' });
    if (standInUrl === null) return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    await passOn(new URL(standInUrl), request, response, body);
  }

  server.listen(0, 'localhost');
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function passOn(standIn: URL, request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, host: standIn.host };
    const onward = forward({ host: standIn.hostname, port: standIn.port, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response).on('finish', resolve).on('error', reject);
    });
    onward.on('error', reject).end(body);
  });
}
