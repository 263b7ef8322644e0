import path from 'node:path';
import { ROOT, standInFolder, standInPort } from '../config.ts';
import { startMoto } from './moto.ts';

/**
 * The KMS, Secrets Manager and S3 of a local cell: moto, A STAND-IN FOR AWS, which keeps what it is given in the cell's data folder (whoever may read
 * that, may read the keys). Tells its parent where it listens, and ends with it, however it ends.
 */
async function main(): Promise<void> {
  const server = await startMoto(path.join(ROOT, '.cache'), { port: standInPort(), folder: standInFolder() });
  const stop = (): void => void server.stop().finally(() => process.exit(0));
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  process.send?.({ listening: server.endpoint });
  await server.ended;
  process.exit(1);
}

await main();
