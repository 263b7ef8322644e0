import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isPackagePath } from '@countersign/contracts/connectors/package/package.ts';
import { CONNECTORS } from '../registry.ts';
import { staticProblems } from './static-check.ts';
import { readPackageContent } from '../sdk/package-content.ts';

/** Shipped packages are part of the release, so they may import the house; one of them computes in a thread of its own. */
const OF_THE_HOUSE = /imports "(?:\.\.\/|@countersign\/)/;
const WAIVED: Readonly<Record<string, RegExp>> = {
  // The built-in model trains beside the worker's own thread, and `npm run eval` is a program that stands in its folder.
  classifier: /^(?:eval\.ts|eval\/|train|training-worker|serialise)/,
};

describe.each(CONNECTORS.filter(({ packageDigest }) => packageDigest !== undefined).map((connector) => [connector.manifest.name, connector] as const))('%s has the one shape', (name, connector) => {
  const folder = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });

  // Its tests are its conformance, which conformance.test.ts runs, and what it has of its own beside.
  test('manifest, entry, actions, client, errors, conformance', () => {
    for (const file of ['manifest.yaml', 'connector.ts', 'conformance.ts', 'errors.ts']) expect(files).toContain(file);
    expect(files.filter((file) => /^actions\/[a-z]+(?:-[a-z]+)*\.ts$/.test(file)).length).toBeGreaterThan(0);
    const reaches = connector.manifest.credentials.some((kind) => kind !== 'none');
    if (reaches) expect(files.some((file) => /(?:^|\/)[a-z-]*client\.ts$/.test(file))).toBe(true);
  });

  test('its code reaches around nothing, and all of it is in the digest', () => {
    const content = readPackageContent(folder);
    const problems = staticProblems(content).filter((problem) => !OF_THE_HOUSE.test(problem) && WAIVED[name]?.test(problem) !== true);
    expect(problems).toEqual([]);
    expect([...content.keys()].every(isPackagePath)).toBe(true);
  });
});
