import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONNECTORS } from '../registry.ts';
import { startBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { conformanceChecks } from './suite.ts';
import type { ConformanceSubject } from './subject.ts';

describe.each(CONNECTORS.map(({ manifest }) => manifest.name))('%s', async (name) => {
  const { conformance } = await import(new URL(`../${name}/conformance.ts`, import.meta.url).href) as { conformance: ConformanceSubject };
  // The list of checks follows from the manifest; the stand-in is started when the first of them runs.
  let bench: Bench | undefined;
  const subject = { current: (): Bench => bench! };
  beforeAll(async () => { bench = await startBench(conformance); });
  afterAll(() => bench?.stop());
  test('is the connector of the registry', () => expect(conformance.connector.manifest.name).toBe(name));
  test('keeps every promise', async () => {
    const broken: string[] = [];
    for (const check of conformanceChecks(subject.current())) {
      await check.run().catch((error: Error) => broken.push(`${check.name}\n    ${error.message}`));
    }
    expect(broken).toEqual([]);
  }, 240_000);
});
