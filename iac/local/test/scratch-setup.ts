import { tmpdir } from 'node:os';
import { keepTemporaryFilesIn } from './config.ts';
import { isScratch, makeScratch } from './scratch.ts';

/** Vitest's first global set-up: the temporary files of all tests lie in one folder that goes when they end. `npm test` has made it already. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (isScratch(tmpdir())) return undefined;
  const { folder, remove } = await makeScratch();
  keepTemporaryFilesIn(folder);
  return remove;
}
