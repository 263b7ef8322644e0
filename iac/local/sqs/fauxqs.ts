import { startFauxqs } from 'fauxqs';
import type { RestartableSqs } from '@countersign/execution-plane/wake/testing/sqs-wakes.ts';

/** Starts fauxqs, a stand-in for Amazon SQS that keeps its queues in memory, on 127.0.0.1. Port 0 takes any. */
export async function startFauxSqs(port: number): Promise<RestartableSqs> {
  let server = await startFauxqs({ port, logger: false, host: '127.0.0.1' });
  const taken = server.port;
  return {
    endpoint: `http://127.0.0.1:${taken}`,
    async restart() {
      await server.stop();
      server = await startFauxqs({ port: taken, logger: false, host: '127.0.0.1' });
    },
    stop: () => server.stop(),
  };
}
