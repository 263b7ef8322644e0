import { afterAll, describe, expect, test } from 'vitest';
import { OUTCOMES } from '@countersign/contracts/policy/decision.ts';
import { SIGN_IN_STRENGTHS } from '@countersign/contracts/policy/sign-in-strength.ts';
import { readBundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { inputProblem } from '@countersign/platform/opa/validators.ts';
import { findOpa, runOpa } from '../opa-command.ts';
import { POLICY_SETS } from '../sets.ts';
import { startOurPolicy } from '../testing/our-policy.ts';
import type { OurPolicy } from '../testing/our-policy.ts';
import { probesOf, readVectors } from './read-vectors.ts';

const running = new Map<string, Promise<OurPolicy>>();
afterAll(async () => {
  for (const policy of running.values()) await (await policy).close();
});

const sets = await Promise.all(POLICY_SETS.map(async (set) => ({ set, vectors: await readVectors(set), wasm: (await readBundleParts(`${import.meta.dirname}/..`, set.name)).wasm })));
const all = sets.flatMap(({ vectors }) => vectors);

describe.each(sets)('$set.name', ({ set, vectors, wasm }) => {
  test.each(vectors)('$name', async ({ input, config, expect: expected }) => {
    const key = `${set.name} ${canonicalText(config)}`;
    if (!running.has(key)) running.set(key, startOurPolicy(wasm, config));
    const { outcome, reasons, obligations } = (await (await running.get(key))?.decide(input)) ?? {};
    expect({ outcome, rules: reasons?.map(({ rule }) => rule), obligations }).toEqual(expected);
  });

  test('has probes, which need no data', () => {
    expect(probesOf(vectors).length).toBeGreaterThan(5);
    expect(vectors.filter(({ probe, config }) => probe && canonicalText(config) !== '{}')).toEqual([]);
  });
});

test('the vectors show every outcome, and every obligation that there is', () => {
  expect([...new Set(all.map(({ expect: { outcome } }) => outcome))].sort()).toEqual([...OUTCOMES].sort());
  expect([...new Set(all.flatMap(({ expect: { obligations } }) => Object.keys(obligations)))].sort()).toEqual([
    'caps', 'deadline_ms', 'max_sign_in_age_ms', 'min_strength', 'rate', 'redactions', 'required_role', 'required_votes', 'retry_after_ms', 'target', 'tier',
  ]);
});

test('each keeps the contract of the input, but for the one that asks what policy makes of a risk that it does not know', () => {
  const broken = all.flatMap(({ name, input }) => (inputProblem(input) === null ? [] : [name]));
  expect(broken).toEqual(['base: a risk that no pack knows is denied']);
});

test('Rego and TypeScript order sign-ins alike', async () => {
  const places = JSON.parse(await runOpa(await findOpa(), ['eval', '--format', 'raw', '-d', 'base', 'data.countersign.strengths.place'])) as Record<string, number>;
  expect(Object.entries(places).sort(([, a], [, b]) => a - b).map(([name]) => name)).toEqual([...SIGN_IN_STRENGTHS]);
});
