import { hash, randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

/** What the witness last countersigned of each log: a file per log, replaced as a whole and synced before anybody is told. */
export class Seen {
  readonly #folder: string;

  constructor(dataFolder: string) {
    this.#folder = dataFolder;
  }

  /** The note; null for a log that was never seen. */
  async read(originSha256: string): Promise<string | null> {
    return readFile(this.#fileOf(originSha256), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  }

  async write(originSha256: string, note: string): Promise<void> {
    const temporary = `${this.#fileOf(originSha256)}.${randomBytes(6).toString('hex')}.part`;
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(note);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.#fileOf(originSha256));
    // The name, too, outlives a loss of power.
    const folder = await open(this.#folder, 'r');
    await folder.sync().finally(() => folder.close());
  }

  #fileOf(originSha256: string): string {
    return path.join(this.#folder, `${originSha256}.note`);
  }
}

export function originSha256(origin: string): string {
  return hash('sha256', origin, 'hex');
}
