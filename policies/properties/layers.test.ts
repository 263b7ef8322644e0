import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { CompileLayer } from '@countersign/platform/opa/compile/compile-options.ts';
import type { OurPolicy } from '../testing/our-policy.ts';
import { startOurPolicy } from '../testing/our-policy.ts';
import { compileLayers, layerHere } from '../testing/sources.ts';
import { readVectors } from '../vectors/read-vectors.ts';
import { LAYERS, ROUTE_TARGETS, downTo, drawnLayers, inputOf, mapStack, parentsOf, stacks } from './drawn-stack.ts';
import type { DrawnLayer, DrawnStack } from './drawn-stack.ts';
import { loosened } from './loosened.ts';

const RUNS = 3_000;
const CONFIG = { tenant: { route_targets: ROUTE_TARGETS } };
const [vector] = await readVectors();
if (vector === undefined) throw new Error('there are no vectors');
const { input: anyInput } = vector;
const base = await layerHere('base');

const running: OurPolicy[] = [];
afterAll(() => Promise.all(running.map((policy) => policy.close())));

async function start(ofBase: CompileLayer): Promise<OurPolicy> {
  const policy = await startOurPolicy(await compileLayers([ofBase, ...drawnLayers()]), CONFIG);
  running.push(policy);
  return policy;
}

/** A destructive call is one that the base itself asks a person for. */
const risks = fc.constantFrom('read' as const, 'destructive' as const);
const children = fc.constantFrom(...LAYERS.slice(1));

/** What a child layer loosened in a stack, by any outcome or obligation. */
async function loosenedBy(policy: OurPolicy, stack: DrawnStack, layer: DrawnLayer, risk: 'read' | 'destructive'): Promise<string[]> {
  const parents = await policy.decide(inputOf(anyInput, parentsOf(stack, layer), risk));
  const child = await policy.decide(inputOf(anyInput, downTo(stack, layer), risk));
  // The tenant's layer may grant what nobody has spoken of yet, and name the people whom the layers above leave open.
  const unspoken = layer === 'tenant' && parents.reasons.every(({ rule }) => rule === 'base/no_rule_matched');
  return unspoken ? [] : loosened(parents, child, { mayNamePeople: layer === 'tenant' });
}

const neverLooser = (policy: OurPolicy) => fc.asyncProperty(stacks(), children, risks, async (stack, layer, risk) => {
  const found = await loosenedBy(policy, stack, layer, risk);
  if (found.length > 0) throw new Error(`looser: ${found.join('; ')}`);
});

describe('random stacks of layers', async () => {
  const policy = await start(base);

  test('no child is less restrictive than its parents, nor are its obligations', async () => {
    await fc.assert(neverLooser(policy), { numRuns: RUNS });
  }, 60_000);

  test('rules in shadow mode bind nothing, and the shadow is what they would have decided', async () => {
    await fc.assert(fc.asyncProperty(stacks(), risks, async (stack, risk) => {
      const { shadow, ...binding } = await policy.decide(inputOf(anyInput, stack, risk));
      const speaks = Object.values(stack).flat().some(({ mode }) => mode === 'shadow');
      const without = mapStack(stack, (verdicts) => verdicts.filter(({ mode }) => mode !== 'shadow'));
      const enforced = mapStack(stack, (verdicts) => verdicts.map((verdict) => ({ ...verdict, mode: 'enforce' as const })));
      expect(binding).toEqual(await policy.decide(inputOf(anyInput, without, risk)));
      expect(shadow).toEqual(speaks ? await policy.decide(inputOf(anyInput, enforced, risk)) : undefined);
    }), { numRuns: RUNS / 3 });
  }, 60_000);

  test('workspace and environment allow nothing that nobody else allows', async () => {
    await fc.assert(fc.asyncProperty(stacks(), async (stack) => {
      const alone = mapStack(stack, (verdicts, layer) => (layer === 'workspace' || layer === 'environment' ? verdicts : []));
      expect((await policy.decide(inputOf(anyInput, alone, 'read'))).outcome).toBe('DENY');
    }), { numRuns: RUNS / 3 });
  }, 60_000);

  test('every outcome comes up, so that the others say something', async () => {
    const outcomes = new Set<string>();
    for (const stack of fc.sample(stacks(), { numRuns: 500, seed: 4 })) outcomes.add((await policy.decide(inputOf(anyInput, stack, 'read'))).outcome);
    expect([...outcomes].sort()).toEqual(['ALLOW', 'DENY', 'REQUIRE_HITL', 'REQUIRE_STEP_UP', 'ROUTE', 'THROTTLE']);
  });
});

/** Mistakes that somebody could make in the combination, each of which the first property must find. */
const MISTAKES: ReadonlyArray<{ readonly what: string; readonly file: string; readonly changes: ReadonlyArray<readonly [from: string, to: string]> }> = [
  { what: 'the least restrictive wins', file: 'combine', changes: [['highest := max(', 'highest := min(']] },
  { what: 'the most time wins', file: 'obligations', changes: [['strictest(name, values) := min(values)', 'strictest(name, values) := max(values)']] },
  { what: 'the fewest votes win', file: 'obligations', changes: [['strictest(name, values) := max(values)', 'strictest(name, values) := min(values)']] },
  {
    what: 'what a rule leaves out is filled in after all rules were taken together',
    file: 'obligations',
    changes: [['object.union(least[verdict.outcome], verdict.obligations)', 'verdict.obligations'], ['object.union(by_name, people)', 'object.union(object.union(least[outcome], by_name), people)']],
  },
  { what: 'a step-up forgets the approvals', file: 'obligations', changes: [['{"REQUIRE_HITL", "REQUIRE_STEP_UP"},\n\t"DENY"', '{"REQUIRE_STEP_UP"},\n\t"DENY"']] },
  { what: 'the highest cap wins', file: 'obligations', changes: [['min([caps[pointer]', 'max([caps[pointer]']] },
  { what: 'the faster of two rates wins', file: 'obligations', changes: [['min({rate.count', 'max({rate.count']] },
  { what: 'the weakest sign-in wins', file: 'strengths', changes: [['max({place', 'min({place']] },
  { what: 'a later level names other people', file: 'obligations', changes: [['some j, level in levels; j <= i; some v', 'some level in levels; some v']] },
  { what: 'a workspace grants', file: 'layers', changes: [['count(grants) == 0', 'count(grants | workspace) == 0']] },
];

describe('a combination that loosens is found:', () => {
  test.each(MISTAKES)('$what', async ({ file, changes }) => {
    const path = `base/${file}.rego`;
    const mistaken = changes.reduce((source, [from, to]) => {
      expect(source.split(from)).toHaveLength(2);
      return source.replace(from, to);
    }, base.files.get(path) ?? '');
    const policy = await start({ ...base, files: new Map([...base.files, [path, mistaken]]) });
    // Some mistakes show in one stack of a thousand: the same stacks each time, and enough of them. The first that shows it ends this.
    const { failed, errorInstance } = await fc.check(neverLooser(policy), { numRuns: 10 * RUNS, seed: 4, endOnFailure: true });
    expect({ failed, because: String(errorInstance) }).toEqual({ failed: true, because: expect.stringContaining('looser: ') });
  }, 60_000);
});
