import { readConfig } from './config.ts';
import { startControlPlane } from './wiring.ts';

/**
 * The control plane's process. Says `{"listening": url}` on stdout and to its parent when it can be asked, stops on SIGTERM and
 * SIGINT, and when the parent that started it is gone.
 */
async function main(): Promise<void> {
  const controlPlane = await startControlPlane(readConfig());
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= controlPlane.stop().then(() => process.exit(0), (error: unknown) => fail(error));
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  const ready = { listening: controlPlane.url, ...(controlPlane.agentUrl === null ? {} : { agents: controlPlane.agentUrl }), ...(controlPlane.metricsUrl === null ? {} : { metrics: controlPlane.metricsUrl }) };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.send?.(ready);
}

/** One line that says what to do; the stack only where the error is not one of ours. */
function fail(error: unknown): never {
  const known = error instanceof Error && 'code' in error;
  process.stderr.write(`countersign control-plane: ${known ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exit(1);
}

await main().catch(fail);
