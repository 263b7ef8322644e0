import { buildApp } from 'fauxqs';
import type { RestartableSqs } from '@countersign/execution-plane/wake/testing/sqs-wakes.ts';

/**
 * Starts fauxqs, a stand-in for Amazon SQS that keeps its queues in memory, on 127.0.0.1: its own `startFauxqs` would listen on every
 * address of the machine. Port 0 takes any.
 */
export async function startFauxSqs(port: number): Promise<RestartableSqs> {
  let server = await listen(port);
  const endpoint = server.address;
  return {
    endpoint,
    async restart() {
      await server.close();
      server = await listen(Number(new URL(endpoint).port));
    },
    stop: () => server.close(),
  };
}

async function listen(port: number): Promise<{ readonly address: string; close(): Promise<void> }> {
  const app = buildApp({ logger: false });
  return { address: await app.listen({ port, host: '127.0.0.1' }), close: () => app.close() };
}
