import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { readOpaConfig } from '../opa/config.ts';
import { VectorsError } from './errors.ts';

/** Vectors of others, at pinned versions: Go's checksum database vouches for their bytes. Some of them are in `subset/`. */
export const MODULES = {
  wycheproof: { at: 'github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a', sum: 'h1:pNbL2nztRsWfW/ispAwsvcDFxs9Id38uIsR2/Up5G2c=' },
  canonicalization: { at: 'github.com/cyberphone/json-canonicalization@v0.0.0-20241213102144-19d51d7fe467', sum: 'h1:uX1JmpONuD549D73r6cgnxyUu18Zb7yHAy5AYU0Pm4Q=' },
} as const;

export interface VectorFolders {
  readonly wycheproof: string;
  readonly canonicalization: string;
}

/** Finds the vectors in Go's module cache, and downloads them there once. @throws VectorsError `vectors_missing`, with how to get them */
export async function ensureVectors(): Promise<VectorFolders> {
  return { wycheproof: await folderOf('wycheproof'), canonicalization: await folderOf('canonicalization') };
}

async function folderOf(name: keyof typeof MODULES): Promise<string> {
  const { at, sum } = MODULES[name];
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', at], { cwd: tmpdir(), env: readOpaConfig().childEnvironment({ GOFLAGS: '-mod=mod' }), timeout: 120_000 }).catch((cause: Error) => {
    throw new VectorsError('vectors_missing', `The vectors of ${at} could not be had (${cause.message.trim().split('\n').at(-1) ?? ''}). Install Go 1.26 or newer, and let it reach a module proxy once: go mod download ${at}. What is in this repository needs neither: npm run vectors -- --subset`, { cause });
  });
  const found = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (found.Sum !== sum) throw new VectorsError('vectors_missing', `${at} has the checksum ${found.Sum}, not ${sum}.`);
  return found.Dir;
}
