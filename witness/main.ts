import { readConfig } from './config.ts';
import { startWitness } from './wiring.ts';

/** The witness's process (`npm run witness`). Says `{"listening": url, "vkey": ...}` on stdout and to its parent; stops on SIGTERM and SIGINT, and when its parent is gone. */
async function main(): Promise<void> {
  const witness = await startWitness(readConfig(process.argv.slice(2)), (error) => process.stderr.write(`countersign witness: ${String((error as Error).stack ?? error)}\n`));
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= witness.stop().then(() => process.exit(0), (error: unknown) => fail(error));
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  const said = { listening: witness.url, vkey: witness.vkey };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  process.send?.(said);
}

function fail(error: unknown): never {
  const known = error instanceof Error && 'code' in error;
  process.stderr.write(`countersign witness: ${known ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exit(1);
}

await main().catch(fail);
