import { BundleError } from './errors.ts';

const BLOCK = 512;

/** A POSIX ustar archive of regular files in the order given: mode 0644, owner 0, time 0. Source: POSIX.1-2024, pax. */
export function writeTar(files: ReadonlyArray<readonly [string, Uint8Array]>): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [name, content] of files) {
    blocks.push(header(name, content.byteLength), content, new Uint8Array(padding(content.byteLength)));
  }
  blocks.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(blocks);
}

function header(name: string, size_bytes: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100, 'ascii');
  block.write('0000644\0', 100, 'ascii');
  block.write('0000000\0', 108, 'ascii');
  block.write('0000000\0', 116, 'ascii');
  block.write(`${size_bytes.toString(8).padStart(11, '0')}\0`, 124, 'ascii');
  block.write('00000000000\0', 136, 'ascii');
  // The checksum is taken with its own field full of spaces.
  block.write('        ', 148, 'ascii');
  block.write('0', 156, 'ascii');
  block.write('ustar\u000000', 257, 'ascii');
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return block;
}

function padding(size_bytes: number): number {
  return (BLOCK - (size_bytes % BLOCK)) % BLOCK;
}

/**
 * The regular files of a tar archive, in its order. It reads only what it needs to find the files: the caller writes them again
 * and compares, which refuses every other field that differs. Links, folders and long names are refused here.
 */
export function readTar(tar: Uint8Array): Array<[string, Uint8Array]> {
  const archive = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength);
  const files: Array<[string, Uint8Array]> = [];
  let at = 0;
  while (at + BLOCK <= archive.byteLength && archive[at] !== 0) {
    const name = archive.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    const size = archive.toString('latin1', at + 124, at + 135);
    if (archive[at + 156] !== 0x30) throw new BundleError('bundle_malformed', `${JSON.stringify(name)} is not a regular file`);
    if (!/^[0-7]{11}$/.test(size)) throw new BundleError('bundle_malformed', `the size of ${JSON.stringify(name)} cannot be read`);
    const start = at + BLOCK;
    const end = start + Number.parseInt(size, 8);
    if (end > archive.byteLength) throw new BundleError('bundle_malformed', `${JSON.stringify(name)} is cut off`);
    files.push([name, archive.subarray(start, end)]);
    at = end + padding(end - start);
  }
  return files;
}
