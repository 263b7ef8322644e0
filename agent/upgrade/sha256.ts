import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const PIECE_BYTES = 256 * 1024;

/** Of a file that may be large, through one buffer: a stream would leave as much garbage behind as the file has bytes. 64 hex digits. */
export async function sha256Of(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const [hash, buffer] = [createHash('sha256'), Buffer.allocUnsafeSlow(PIECE_BYTES)];
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
