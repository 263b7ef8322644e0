import { buildApp } from 'fauxqs';
import type { RestartableSqs } from '@countersign/execution-plane/wake/testing/sqs-wakes.ts';

/**
 * Starts fauxqs, a stand-in for Amazon SQS that keeps its queues in memory, on 127.0.0.1: its own `startFauxqs` would listen on every
 * address of the machine. Port 0 takes any. `onMessage` is told of the body of each message that is sent.
 */
export async function startFauxSqs(port: number, onMessage: (body: string) => void = () => undefined): Promise<RestartableSqs> {
  let server = await listen(port, onMessage);
  const endpoint = server.address;
  return {
    endpoint,
    async restart() {
      await server.close();
      server = await listen(Number(new URL(endpoint).port), onMessage);
    },
    stop: () => server.close(),
  };
}

async function listen(port: number, onMessage: (body: string) => void): Promise<{ readonly address: string; close(): Promise<void> }> {
  const app = buildApp({ logger: false });
  app.addHook('preHandler', (request, _reply, done) => {
    for (const body of bodiesOf(request.body)) onMessage(body);
    done();
  });
  return { address: await app.listen({ port, host: '127.0.0.1' }), close: () => app.close() };
}

/** Of SendMessage and SendMessageBatch, in the JSON protocol of SQS; none of any other call. */
function bodiesOf(call: unknown): string[] {
  const { MessageBody, Entries } = (typeof call === 'object' && call !== null ? call : {}) as { MessageBody?: unknown; Entries?: unknown };
  const entries = Array.isArray(Entries) ? (Entries as Array<{ MessageBody?: unknown }>).map((entry) => entry.MessageBody) : [];
  return [MessageBody, ...entries].filter((body) => typeof body === 'string');
}
