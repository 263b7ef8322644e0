import { describe, expect, test } from 'vitest';
import { inputProblem } from '@countersign/platform/opa/validators.ts';
import { allSubjects, compare } from './compare.ts';
import type { Subject } from './compare.ts';
import { drawInputs } from './inputs.ts';

const INPUTS = 500;
const SEED = 4;
const subjects = await allSubjects();

test('the drawn inputs keep the contract, and the same seed draws the same', () => {
  const inputs = drawInputs(INPUTS, SEED);
  expect(inputs.map(inputProblem).filter((problem) => problem !== null)).toEqual([]);
  expect(drawInputs(INPUTS, SEED)).toEqual(inputs);
});

describe('our evaluation agrees with opa eval', () => {
  test.each(subjects)('$name', async (subject) => {
    const { inputs, disagreements, outcomes } = await compare(subject, INPUTS, SEED);
    expect(disagreements).toEqual([]);
    expect(Object.values(outcomes).reduce((sum, count) => sum + count)).toBe(inputs);
    expect(Object.keys(outcomes).length).toBeGreaterThanOrEqual(3);
  }, 120_000);

  test('and where it does not, the comparison says so', async () => {
    const [seeded] = subjects as [Subject];
    const sources = new Map([...seeded.sources].map(([path, source]) => [path, source.toString().replace('"Reading is allowed"', '"Reading is fine"')] as const));
    const { disagreements } = await compare({ ...seeded, sources }, INPUTS, SEED);
    expect(disagreements.length).toBeGreaterThan(0);
    for (const { ours } of disagreements) expect(JSON.stringify(ours)).toContain('Reading is allowed');
  }, 120_000);
});
