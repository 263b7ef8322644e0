import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONNECTORS } from '../registry.ts';
import { startBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { conformanceChecks } from './suite.ts';
import type { ConformanceSubject } from './subject.ts';

/** Connectors without code have no row in the registry; the example stands for all. */
const FOLDERS = [...CONNECTORS.map(({ manifest }) => manifest.name), 'declared'];

describe.each(FOLDERS)('%s', async (folder) => {
  const { conformance } = await import(new URL(`../${folder}/conformance.ts`, import.meta.url).href) as { conformance: ConformanceSubject };
  const name = folder === 'declared' ? 'asset-inventory' : folder;
  // The list of checks follows from the manifest; the stand-in is started when the first of them runs.
  let bench: Bench | undefined;
  const subject = { current: (): Bench => bench! };
  beforeAll(async () => { bench = await startBench(conformance); });
  afterAll(() => bench?.stop());
  test('is the connector of that name', () => expect(conformance.connector.manifest.name).toBe(name));
  test('keeps every promise', async () => {
    const broken: string[] = [];
    for (const check of conformanceChecks(subject.current())) {
      await check.run().catch((error: Error) => broken.push(`${check.name}\n    ${error.message}`));
    }
    expect(broken).toEqual([]);
  }, 240_000);
});
