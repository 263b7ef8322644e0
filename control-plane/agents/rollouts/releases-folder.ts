import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';

/** An agent asks for one piece at a time; a larger one is none of ours. */
const MOST_BYTES = 2 * 1024 * 1024;

/** Where whoever operates the cell puts releases of the agent: a folder with files that are named by their SHA-256. Files are large, and the same for every tenant. */
export class ReleasesFolder {
  readonly #folder: string | null;

  /** @param folder null: none is set */
  constructor(folder: string | null) {
    this.#folder = folder;
  }

  /** @throws ApiError `release_missing` the file is not there, or is another than was signed */
  async assertHas({ sha256, size_bytes }: AgentRelease): Promise<void> {
    const file = this.#fileOf(sha256);
    const size = await stat(file).then((found) => found.size, () => null);
    if (size === null) throw new ApiError('release_missing', `There is no file ${sha256} among the releases of this cell.`);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    if (size !== size_bytes || hash.digest('hex') !== sha256) throw new ApiError('release_missing', `The file ${sha256} among the releases of this cell holds something else: copy it anew.`);
  }

  /**
   * The bytes that `range` names (RFC 9110, section 14.1.2: one range, both ends given).
   * @throws ApiError `range_invalid`, `release_missing`
   */
  async piece(sha256: string, range: string | undefined): Promise<Buffer> {
    const [, from, to] = /^bytes=(\d{1,12})-(\d{1,12})$/.exec(range ?? '') ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from === undefined || last < first || last - first >= MOST_BYTES) throw new ApiError('range_invalid', `A release is given by ranges of at most ${MOST_BYTES} bytes: range: bytes=0-1048575.`);
    const handle = await open(this.#fileOf(sha256)).catch((cause: Error) => {
      throw new ApiError('release_missing', `There is no file ${sha256} among the releases of this cell any more.`, { cause });
    });
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(last - first + 1), 0, last - first + 1, first);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  #fileOf(sha256: string): string {
    if (this.#folder === null) throw new ApiError('release_missing', 'This cell has no folder of releases.');
    return join(this.#folder, sha256);
  }
}
