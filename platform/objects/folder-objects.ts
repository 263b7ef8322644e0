import { randomBytes } from 'node:crypto';
import { access, link, mkdir, open, readFile, readdir, stat, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { ObjectsError, checkedKey, checkedPrefix } from './objects.ts';
import type { Objects, PutOptions } from './objects.ts';

/** What is being written, or was when its process ended. */
const TEMPORARY = /\.[0-9a-f]{12}\.part$/;

/**
 * Objects in a folder: written beside, synced, then linked into place, so that a key holds whole bytes or nothing, and is never replaced.
 * An object that is retained carries the end of that as its file's time; whoever may write to the folder may still delete it.
 */
export class FolderObjects implements Objects {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
  }

  async put(key: string, bytes: Uint8Array, { retainUntil }: PutOptions = {}): Promise<void> {
    const target = this.#path(key);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    const temporary = `${target}.${randomBytes(6).toString('hex')}.part`;
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      if (retainUntil !== undefined) await handle.utimes(retainUntil, retainUntil);
      await handle.sync();
    } finally {
      await handle.close();
    }
    try {
      await link(temporary, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!Buffer.from(bytes).equals(await readFile(target))) throw new ObjectsError('object_exists', `The object ${key} exists with other bytes.`);
      if (retainUntil !== undefined && retainUntil > (await stat(target)).mtime) await utimes(target, retainUntil, retainUntil);
    } finally {
      await unlink(temporary);
    }
  }

  async get(key: string): Promise<Uint8Array> {
    return readFile(this.#path(key)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') throw new ObjectsError('object_missing', `There is no object ${key}.`, { cause });
      throw cause;
    });
  }

  async has(key: string): Promise<boolean> {
    return access(this.#path(key)).then(() => true, () => false);
  }

  async *list(prefix: string): AsyncIterable<string> {
    const folder = checkedPrefix(prefix).slice(0, prefix.lastIndexOf('/') + 1);
    const entries = await readdir(path.join(this.#folder, folder), { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    });
    const keys = entries.filter((entry) => entry.isFile() && !TEMPORARY.test(entry.name)).map((entry) => path.relative(this.#folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
    yield* keys.filter((key) => key.startsWith(prefix)).sort();
  }

  async remove(key: string): Promise<void> {
    const target = this.#path(key);
    const found = await stat(target).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw error;
    });
    if (found === null) return;
    if (found.mtimeMs > Date.now()) throw new ObjectsError('object_retained', `The object ${key} is retained until ${found.mtime.toISOString()}.`, { retainedUntil: found.mtime });
    await unlink(target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  #path(key: string): string {
    return path.join(this.#folder, checkedKey(key));
  }
}
