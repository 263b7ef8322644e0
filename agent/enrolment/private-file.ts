import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnrolmentError } from './errors.ts';

/** Writes the whole file or none of it, for its owner alone: it is on the disk, under its name, when this has resolved. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  // What a stop has left, or a link that somebody put there to have another file written.
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @returns null where there is none. @throws EnrolmentError `identity_unusable` others can read it */
export async function readPrivate(path: string): Promise<string | null> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new EnrolmentError('identity_unusable', `${path} cannot be read (${error.code ?? 'unknown'}). The agent runs as the user that it was enrolled as.`, { cause: error });
  });
  if (handle === null) return null;
  try {
    if (((await handle.stat()).mode & 0o077) !== 0) throw new EnrolmentError('identity_unusable', `${path} can be read by others. Run: chmod 600 ${path}; whoever has read it meanwhile can be this agent, so better enrol again.`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
