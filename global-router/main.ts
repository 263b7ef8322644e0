import { readConfig } from './config.ts';
import { startRouter } from './wiring.ts';

/** The router's process (`npm run router`). Says `{"listening": url}` on stdout and to its parent; stops on SIGTERM and SIGINT, and when its parent is gone. */
async function main(): Promise<void> {
  const router = await startRouter(readConfig());
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= router.stop().then(() => process.exit(0), (error: unknown) => fail(error));
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  process.stdout.write(`${JSON.stringify({ listening: router.url })}\n`);
  process.send?.({ listening: router.url });
}

function fail(error: unknown): never {
  const known = error instanceof Error && 'code' in error;
  process.stderr.write(`countersign global-router: ${known ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exit(1);
}

await main().catch(fail);
