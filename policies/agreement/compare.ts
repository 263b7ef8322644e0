import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Decision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseStrict } from '@countersign/platform/canonical-json/parse-strict.ts';
import { readBundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import { ROUTE_TARGETS, drawnLayers, inputOf, stacks } from '../properties/drawn-stack.ts';
import { POLICY_SETS } from '../sets.ts';
import type { PolicySet } from '../sets.ts';
import { startOurPolicy } from '../testing/our-policy.ts';
import { compileLayers, layerHere } from '../testing/sources.ts';
import { drawInputs } from './inputs.ts';
import { answersOfOpa } from './opa-answers.ts';
import type { OpaAnswer } from './opa-answers.ts';

const POLICIES = join(import.meta.dirname, '..');

/** Of the inputs that are asked for, a policy with fewer variants to it gets this many. */
const SHARES = { seeded: 1, halved: 0.5, drawn: 0.2 } as const;
/** Inputs that our decision point has before it at a time. */
const AT_ONCE = 500;

/** A policy as both evaluate it. */
export interface Subject {
  readonly name: string;
  readonly share: number;
  readonly sources: ReadonlyMap<string, Uint8Array | string>;
  readonly wasm: Uint8Array;
  readonly config: unknown;
  draw(count: number, seed: number): PolicyInput[];
}

interface RuleHits {
  /** Inputs on which it gave a verdict. */
  spoke: number;
  /** Inputs on which it is a reason of the decision. */
  decided: number;
}

interface Disagreement {
  readonly input: PolicyInput;
  readonly ours: unknown;
  readonly theirs: unknown;
}

interface Tally {
  /** Inputs on which the two decide differently in any word. */
  readonly disagreements: Disagreement[];
  readonly outcomes: Record<string, number>;
  readonly rules: Record<string, RuleHits>;
}

export interface Agreement extends Readonly<Tally> {
  readonly policy: string;
  readonly inputs: number;
}

/** Every seeded policy, the one with settings half without and half with them, and layers that say what they are told to. */
export async function allSubjects(): Promise<Subject[]> {
  const settings = parseStrict(await readFile(join(POLICIES, 'vectors', 'secops-settings.json'))) as unknown as { secops_settings: { config: unknown } };
  const seeded = await Promise.all(POLICY_SETS.map(async (set) => (set.packs.includes('secops')
    ? [await seededSubject(set, SHARES.halved), await seededSubject(set, SHARES.halved, settings.secops_settings.config)]
    : [await seededSubject(set, SHARES.seeded)])));
  return [...seeded.flat(), await drawnSubject()];
}

async function seededSubject(set: PolicySet, share: number, config?: unknown): Promise<Subject> {
  const { sources, wasm } = await readBundleParts(POLICIES, set.name);
  return { name: ['base', ...set.packs].join(' + ') + (config === undefined ? '' : ', with settings'), share, sources, wasm, config: config ?? {}, draw: drawInputs };
}

async function drawnSubject(): Promise<Subject> {
  const layers = [await layerHere('base'), ...drawnLayers()];
  return {
    name: 'base + layers drawn at random',
    share: SHARES.drawn,
    sources: new Map(layers.flatMap(({ files }) => [...files])),
    wasm: await compileLayers(layers),
    config: { tenant: { route_targets: ROUTE_TARGETS } },
    draw: (count, seed) => {
      const drawn = fc.sample(stacks(), { numRuns: count, seed });
      return drawInputs(count, seed).map((input, index) => inputOf(input, drawn[index] ?? fail(), input.action.risk));
    },
  };
}

/** Asks both about this policy's share of `count` inputs. */
export async function compare(subject: Subject, count: number, seed: number): Promise<Agreement> {
  const inputs = subject.draw(Math.ceil(count * subject.share), seed);
  const [theirs, ours] = await Promise.all([answersOfOpa(subject.sources, subject.config, inputs), answersOfOurs(subject, inputs)]);
  const agreement = { policy: subject.name, inputs: inputs.length, disagreements: [] as Disagreement[], outcomes: {} as Record<string, number>, rules: rulesIn(subject) };
  for (const [index, input] of inputs.entries()) tally(agreement, input, ours[index] ?? fail(), theirs[index] ?? fail());
  return agreement;
}

async function answersOfOurs({ wasm, config }: Subject, inputs: readonly PolicyInput[]): Promise<Decision[]> {
  const policy = await startOurPolicy(wasm, config);
  try {
    const decisions: Decision[] = [];
    for (let from = 0; from < inputs.length; from += AT_ONCE) decisions.push(...await Promise.all(inputs.slice(from, from + AT_ONCE).map((input) => policy.decide(input))));
    return decisions;
  } finally {
    await policy.close();
  }
}

/** Every rule that a verdict is written for, so that those that no input hits are seen, too. */
function rulesIn({ sources }: Subject): Record<string, RuleHits> {
  const names = [...sources.values()].flatMap((source) => [...source.toString().matchAll(/"rule": "([^"]+)"/g)].flatMap(([, name]) => name ?? []));
  return Object.fromEntries(names.map((name) => [name, { spoke: 0, decided: 0 }]));
}

function tally({ disagreements, outcomes, rules }: Tally, input: PolicyInput, ours: Decision, theirs: OpaAnswer): void {
  if (canonicalText(ours) !== canonicalText(theirs.decision)) disagreements.push({ input, ours, theirs: theirs.decision });
  outcomes[ours.outcome] = (outcomes[ours.outcome] ?? 0) + 1;
  for (const rule of new Set(theirs.spoke)) (rules[rule] ??= { spoke: 0, decided: 0 }).spoke += 1;
  for (const rule of new Set(ours.reasons.map((reason) => reason.rule))) (rules[rule] ??= { spoke: 0, decided: 0 }).decided += 1;
}

function fail(): never {
  throw new Error('fewer were drawn or answered than asked for');
}
