import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, or as JSON. */
  readonly body: string | object;
}

export interface RecordedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RecordedProvider {
  readonly url: string;
  /** Everything that arrived, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** What is answered from now on. */
  answer(answer: RecordedAnswer): void;
  stop(): Promise<void>;
}

/**
 * A stand-in for a provider, for what the simulators of others do not show: it answers with the bytes that it was given and keeps what it
 * was asked. It knows no protocol by itself; the answers in the tests are those of the providers' documentation and SDKs.
 */
export async function startRecordedProvider(first: RecordedAnswer): Promise<RecordedProvider> {
  let answer = first;
  const requests: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: text === '' ? {} : JSON.parse(text) as Record<string, unknown> });
      const { status = 200, headers = {}, body } = answer;
      response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (next) => { answer = next; },
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
