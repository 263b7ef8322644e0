import { randomBytes } from 'node:crypto';
import { access, link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { ObjectsError } from './objects.ts';
import type { Objects } from './objects.ts';

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** Objects in a folder: written beside, synced, then linked into place, so that a key holds whole bytes or nothing, and is never replaced. */
export class FolderObjects implements Objects {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const target = this.#path(key);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    const temporary = `${target}.${randomBytes(6).toString('hex')}.part`;
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    try {
      await link(temporary, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!Buffer.from(bytes).equals(await readFile(target))) throw new ObjectsError('object_exists', `The object ${key} exists with other bytes.`);
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

  #path(key: string): string {
    if (!KEY.test(key)) throw new ObjectsError('object_key_invalid', `Not an object key: ${JSON.stringify(key)}.`);
    return path.join(this.#folder, key);
  }
}
