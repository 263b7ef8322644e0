import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const BLOCK = Buffer.alloc(1024 * 1024, 0x5a);

/**
 * Bytes that are put aside while there is room, and given up when there is none: a disk that somebody else filled must not keep an effect that was
 * made from being told. They are written and not only reserved, because a file with holes takes no room.
 */
export class Ballast {
  readonly #file: string;
  readonly #bytes: number;
  #isWhole = false;

  constructor(file: string, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
    this.refill();
  }

  isWhole(): boolean {
    return this.#isWhole;
  }

  /** Whether there was something to give up. */
  release(): boolean {
    const had = this.#write((fd) => {
      const { size } = fstatSync(fd);
      ftruncateSync(fd, 0);
      fsyncSync(fd);
      return size > 0;
    });
    this.#isWhole = this.#bytes === 0;
    return had;
  }

  /** Puts aside what is missing, as far as there is room. */
  refill(): void {
    this.#isWhole = this.#write((fd) => {
      let { size } = fstatSync(fd);
      try {
        while (size < this.#bytes) size += writeSync(fd, BLOCK, 0, Math.min(BLOCK.length, this.#bytes - size), size);
        fsyncSync(fd);
        return true;
      } catch (error) {
        if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
        // Half of it would take the room from those who need it.
        ftruncateSync(fd, 0);
        return false;
      }
    });
  }

  #write(use: (fd: number) => boolean): boolean {
    const fd = openSync(this.#file, 'a+', 0o600);
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  }
}
