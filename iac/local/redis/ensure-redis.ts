import { searchPath } from '../chromium/config.ts';
import { findProgram, installPackage, lastLine, usableAptGet } from '../debian/apt.ts';
import { RedisServerError } from './errors.ts';

/**
 * The path of a redis-server: one on PATH, else Debian's package, installed when we are root and may.
 * @throws RedisServerError
 */
export async function ensureRedis(log: (message: string) => void, path = searchPath()): Promise<string> {
  const found = await findProgram('redis-server', path);
  if (found !== undefined) return found;
  const aptGet = await usableAptGet(path);
  if (aptGet === undefined) throw missing();
  log('installing Redis with apt-get');
  await installPackage(aptGet, 'redis-server').catch((cause: unknown) => {
    throw new RedisServerError('redis_install_failed', `Redis could not be installed with apt-get (${lastLine(cause)}). Install it yourself: apt-get install redis-server.`, { cause });
  });
  const installed = await findProgram('redis-server', path);
  if (installed === undefined) throw missing();
  return installed;
}

function missing(): RedisServerError {
  return new RedisServerError('redis_missing', 'There is no redis-server on PATH. Install it ("apt-get install redis-server" on Debian), or leave out --redis.');
}
