/**
 * `node iac/local/vectors/make-subset.ts`: takes from the vectors of others what is committed of them, for machines without Go and for every change:
 * of RFC 8785 all files and the edge cases of its list of numbers, of each suite of Wycheproof the first tests that carry a flag with a result. Run
 * it when a version in `ensure-vectors.ts` changes.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MODULES, ensureVectors } from './ensure-vectors.ts';
import { allVectors } from './vector-source.ts';
import type { WycheproofGroup, WycheproofVector } from './vector-source.ts';
import { KNOWN, SUITE_NAMES } from './wycheproof.ts';

const EACH = 5;
const SUBSET = path.join(import.meta.dirname, 'subset');

const source = allVectors(await ensureVectors());
await write('rfc8785.json', {
  ...origin('canonicalization', 'Test data of the reference implementations of RFC 8785: testdata/input and testdata/outhex, and the numbers that testdata/numgen.js begins with; unchanged but for being in one file.'),
  ...await source.rfc8785(),
});
const suites: Record<string, object> = {};
for (const suite of SUITE_NAMES) {
  const groups = await source.wycheproof(suite);
  suites[suite] = { of: groups.reduce((sum, { tests }) => sum + tests.length, 0), testGroups: subsetOf(groups, new Set(Object.keys(KNOWN[suite] ?? {}).map(Number))) };
}
await write('wycheproof.json', { ...origin('wycheproof', 'Test vectors of Project Wycheproof, testvectors_v1: for each suite some of the tests and the members that are needed to try them; the tests themselves are unchanged.'), suites });

function origin(module: keyof typeof MODULES, notice: string): object {
  return { source: MODULES[module].at, checksum: MODULES[module].sum, license: 'Apache-2.0', notice };
}

/** Those of each flag and result that come first, and those that we name as exceptions. */
function subsetOf(groups: readonly WycheproofGroup[], known: ReadonlySet<number>): WycheproofGroup[] {
  const seen = new Map<string, number>();
  const isWanted = ({ tcId, flags, result }: WycheproofVector): boolean => {
    const counts = (flags.length === 0 ? [''] : flags).map((flag) => `${flag} ${result}`);
    if (!known.has(tcId) && counts.every((name) => (seen.get(name) ?? 0) >= EACH)) return false;
    for (const name of counts) seen.set(name, (seen.get(name) ?? 0) + 1);
    return true;
  };
  return groups.map((group) => ({ ...neededOf(group), tests: group.tests.filter(isWanted) })).filter(({ tests }) => tests.length > 0);
}

function neededOf({ publicKey, publicKeyDer, tagSize }: WycheproofGroup): Omit<WycheproofGroup, 'tests'> {
  return { ...(publicKey === undefined ? {} : { publicKey: { pk: publicKey.pk } }), ...(publicKeyDer === undefined ? {} : { publicKeyDer }), ...(tagSize === undefined ? {} : { tagSize }) };
}

async function write(name: string, value: object): Promise<void> {
  await writeFile(path.join(SUBSET, name), `${JSON.stringify(value, null, 1)}\n`);
}
