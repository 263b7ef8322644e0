import { readConfig } from '@countersign/execution-plane/config.ts';
import { startWorker } from '@countersign/execution-plane/wiring.ts';
import { bookConnector } from './peer/connector.ts';

/** A worker as `execution-plane/main.ts` starts it, with one connector more: that to the peer of the chaos run. */
const config = readConfig();
try {
  const worker = await startWorker(config, [bookConnector(config.workerId)]);
  const stop = (): void => void worker.stop().then(() => process.exit(0), () => process.exit(1));
  process.once('SIGTERM', stop).once('disconnect', () => process.exit(1));
  process.send?.({ ready: true });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? String(error.stack) : String(error)}\n`);
  process.exit(1);
}
