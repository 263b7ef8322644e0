import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { VectorFolders } from './ensure-vectors.ts';
import rfc8785 from './subset/rfc8785.json' with { type: 'json' };
import wycheproof from './subset/wycheproof.json' with { type: 'json' };

export interface WycheproofVector {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly [field: string]: unknown;
}

export interface WycheproofGroup {
  readonly tests: readonly WycheproofVector[];
  readonly publicKey?: { readonly pk: string };
  readonly publicKeyDer?: string;
  readonly tagSize?: number;
}

export interface Rfc8785Vectors {
  /** The files that the RFC was published with: JSON, and its canonical form in hex. */
  readonly files: ReadonlyArray<{ readonly name: string; readonly input: string; readonly canonical_hex: string }>;
  /** The edge cases that the list of numbers begins with: bits of doubles, 16 hexadecimal digits each. */
  readonly first_numbers: readonly string[];
}

/** Where vectors of others come from: all of them from Go's module cache, or what of them is in this repository. */
export interface VectorSource {
  wycheproof(suite: string): Promise<readonly WycheproofGroup[]>;
  rfc8785(): Promise<Rfc8785Vectors>;
}

export function allVectors({ wycheproof: suites, canonicalization }: VectorFolders): VectorSource {
  return {
    async wycheproof(suite) {
      return (JSON.parse(await readFile(path.join(suites, 'testvectors_v1', `${suite}.json`), 'utf8')) as { testGroups: readonly WycheproofGroup[] }).testGroups;
    },
    async rfc8785() {
      const testdata = path.join(canonicalization, 'testdata');
      const names = (await readdir(path.join(testdata, 'input'))).filter((name) => name.endsWith('.json')).toSorted();
      const generator = await readFile(path.join(testdata, 'numgen.js'), 'utf8');
      return {
        first_numbers: [...generator.matchAll(/0x([0-9a-f]{16})n,/g)].map((match) => match[1] ?? ''),
        files: await Promise.all(names.map(async (name) => ({
          name, input: await readFile(path.join(testdata, 'input', name), 'utf8'),
          canonical_hex: (await readFile(path.join(testdata, 'outhex', name.replace('.json', '.txt')), 'utf8')).replace(/\s/g, ''),
        }))),
      };
    },
  };
}

/** What `make-subset.ts` took of them: needs neither Go nor a network. */
export const COMMITTED_VECTORS: VectorSource = {
  wycheproof: async (suite) => (wycheproof.suites as unknown as Readonly<Record<string, { readonly testGroups: readonly WycheproofGroup[] }>>)[suite]?.testGroups ?? [],
  rfc8785: async () => rfc8785,
};

/** How many tests of a suite of Wycheproof are not in the subset. */
export function leftOut(): Array<{ readonly suite: string; readonly tests: number }> {
  return Object.entries(wycheproof.suites).map(([suite, { of, testGroups }]) => ({ suite, tests: of - testGroups.reduce((sum, { tests }) => sum + tests.length, 0) }));
}
