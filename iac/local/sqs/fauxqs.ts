import { startFauxqs } from 'fauxqs';
import type { SqsServer } from '@countersign/platform/queue/conformance.ts';

/** Starts fauxqs, a stand-in for Amazon SQS that keeps its queues in memory, on 127.0.0.1. Port 0 takes any. */
export async function startFauxSqs(port: number): Promise<SqsServer> {
  const server = await startFauxqs({ port, logger: false, host: '127.0.0.1' });
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
}
