import { standInPort } from '../config.ts';
import { ensureRedis } from './ensure-redis.ts';
import { startRedis } from './redis-server.ts';

/** The Redis of a local cell. Tells its parent where it listens, and ends with it, however it ends. */
async function main(): Promise<void> {
  const server = await startRedis(await ensureRedis((line) => process.stderr.write(`${line}\n`)), standInPort());
  const stop = (): void => void server.stop().finally(() => process.exit(0));
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  process.send?.({ listening: server.url, pid: server.pid });
  await server.ended;
  process.exit(1);
}

await main();
