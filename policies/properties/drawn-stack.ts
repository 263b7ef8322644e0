/**
 * Stacks of layers as fast-check draws them. One policy is compiled for all: its layers say what the input tells them to say, under
 * `parameters`, so that thousands of stacks need one compilation.
 */
import fc from 'fast-check';
import type { Outcome, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { OUTCOMES } from '@countersign/contracts/policy/decision.ts';
import { SIGN_IN_STRENGTHS } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { CompileLayer, LayerName } from '@countersign/platform/opa/compile/compile-options.ts';

/** From the parents down. The base, above all of them, speaks of the input. */
export const LAYERS = ['packs/drawn', 'tenant', 'workspace', 'environment'] as const satisfies readonly LayerName[];
export type DrawnLayer = (typeof LAYERS)[number];

export interface DrawnVerdict {
  readonly outcome: Outcome;
  readonly rule: string;
  readonly message: string;
  readonly obligations: Readonly<Record<string, unknown>>;
  readonly mode?: 'enforce' | 'shadow';
}

export type DrawnStack = Readonly<Record<DrawnLayer, readonly DrawnVerdict[]>>;

/** Layers that say what `parameters` holds for them. */
export function drawnLayers(): CompileLayer[] {
  return LAYERS.map((name) => {
    const source = `package countersign.${name.replace('/', '.')}\n\nverdicts contains verdict if some verdict in input.parameters["${name}"]\n`;
    return { name, files: new Map([[`${name}/policy.rego`, source]]) };
  });
}

/** Names of targets that the compiled stack's data allows. */
export const ROUTE_TARGETS = ['instance:a', 'instance:b'];

export function inputOf(base: PolicyInput, stack: DrawnStack, risk: PolicyInput['action']['risk']): PolicyInput {
  return { ...base, action: { ...base.action, risk, sensitive_parameters: [] }, parameters: { ...stack } };
}

/** The stack without `layer` and all beneath it. */
export function parentsOf(stack: DrawnStack, layer: DrawnLayer): DrawnStack {
  return upTo(stack, LAYERS.indexOf(layer) - 1);
}

/** The stack down to `layer`. */
export function downTo(stack: DrawnStack, layer: DrawnLayer): DrawnStack {
  return upTo(stack, LAYERS.indexOf(layer));
}

function upTo(stack: DrawnStack, last: number): DrawnStack {
  return mapStack(stack, (verdicts, layer) => (LAYERS.indexOf(layer) <= last ? verdicts : []));
}

export function mapStack(stack: DrawnStack, change: (verdicts: readonly DrawnVerdict[], layer: DrawnLayer) => readonly DrawnVerdict[]): DrawnStack {
  return Object.fromEntries(LAYERS.map((layer) => [layer, change(stack[layer], layer)])) as unknown as DrawnStack;
}

/** Few values, so that rules often meet; every outcome and obligation, mistakes, and rules in shadow mode. */
export function stacks(): fc.Arbitrary<DrawnStack> {
  return fc.record(Object.fromEntries(LAYERS.map((layer) => [layer, fc.array(verdicts(layer), { maxLength: 3 })])) as Record<DrawnLayer, fc.Arbitrary<DrawnVerdict[]>>);
}

function verdicts(layer: DrawnLayer): fc.Arbitrary<DrawnVerdict> {
  const prefix = layer.replace('packs/', '');
  const wellFormed = fc.constantFrom(...OUTCOMES.filter((outcome) => outcome !== 'DENY'), 'ALLOW', 'REQUIRE_HITL').chain((outcome) => fc.record({
    outcome: fc.constant<Outcome>(outcome as Outcome),
    rule: fc.constantFrom(`${prefix}/a`, `${prefix}/b`),
    message: fc.constant('drawn'),
    obligations: obligationsOf(outcome as Outcome),
    mode: fc.constantFrom<'enforce' | 'shadow'>('enforce', 'enforce', 'enforce', 'shadow'),
  }));
  const denial = fc.constant<DrawnVerdict>({ outcome: 'DENY', rule: `${prefix}/never`, message: 'drawn', obligations: {} });
  const mistake = fc.constantFrom<DrawnVerdict>(
    { outcome: 'ALLOW', rule: 'elsewhere/a', message: 'drawn', obligations: {} },
    { outcome: 'ALLOW', rule: `${prefix}/votes`, message: 'drawn', obligations: { required_votes: 2 } },
    { outcome: 'ROUTE', rule: `${prefix}/astray`, message: 'drawn', obligations: { target: 'instance:elsewhere' } },
  );
  return fc.oneof({ weight: 20, arbitrary: wellFormed }, { weight: 1, arbitrary: denial }, { weight: 1, arbitrary: mistake });
}

function obligationsOf(outcome: Outcome): fc.Arbitrary<Record<string, unknown>> {
  const shape = { caps: fc.dictionary(fc.constantFrom('/amount', '/days'), fc.constantFrom(0, 1, 50.5, 100), { maxKeys: 2, noNullPrototype: true }), redactions: fc.uniqueArray(fc.constantFrom('/note', '/name'), { maxLength: 2 }) };
  const people = {
    tier: fc.constantFrom('standard', 'standard', 'standard', 'critical'),
    required_role: fc.constantFrom('approver', 'approver', 'approver', 'admin'),
    required_votes: fc.integer({ min: 1, max: 4 }),
    deadline_ms: fc.constantFrom(1_000, 86_400_000, 172_800_000),
  };
  const signIn = { min_strength: fc.constantFrom(...SIGN_IN_STRENGTHS), max_sign_in_age_ms: fc.constantFrom(1, 900_000, 3_600_000) };
  const rate = fc.record({ count: fc.integer({ min: 1, max: 7 }), per_ms: fc.constantFrom(10, 1_000, 60_000) });
  switch (outcome) {
    case 'REQUIRE_HITL': return fc.record({ ...shape, ...people }, { requiredKeys: [], noNullPrototype: true });
    case 'REQUIRE_STEP_UP': return fc.record({ ...shape, ...people, ...signIn }, { requiredKeys: [], noNullPrototype: true });
    case 'THROTTLE': return fc.oneof(
      fc.record({ ...shape, retry_after_ms: fc.constantFrom(1, 500, 9_999), rate }, { requiredKeys: ['retry_after_ms'], noNullPrototype: true }),
      fc.record({ ...shape, rate }, { requiredKeys: ['rate'], noNullPrototype: true }),
    );
    case 'ROUTE': return fc.record({ ...shape, target: fc.constantFrom('instance:a', 'instance:a', 'instance:b') }, { requiredKeys: ['target'], noNullPrototype: true });
    default: return fc.record(shape, { requiredKeys: [], noNullPrototype: true });
  }
}
