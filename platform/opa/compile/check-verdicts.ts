import { OUTCOMES } from '@countersign/contracts/policy/decision.ts';
import type { Obligations, Outcome } from '@countersign/contracts/policy/decision.ts';
import type { CompileLayer } from './compile-options.ts';
import { isTestFile, rulePrefixOf } from './layers.ts';
import type { ModuleFacts, WrittenVerdict } from './module-facts.ts';
import { nearest } from './nearest.ts';
import { errorAt, placeOf, warningAt } from './problems.ts';
import type { FoundProblem } from './problems.ts';
import type { RulePlace, SourcePlace } from './report.ts';
import { isTermOf, literalMembers, stringOf } from './syntax-tree.ts';
import type { Term } from './syntax-tree.ts';

const MEMBERS = ['outcome', 'rule', 'message', 'obligations'];
const OPTIONAL = ['mode'];
const MODES = ['enforce', 'shadow'];
const OF_PEOPLE = ['tier', 'required_role', 'required_votes', 'deadline_ms'] as const;
/** Of every outcome. */
const SHAPING = ['caps', 'redactions'] as const;
/** As `policies/base/obligations.rego` has them: another obligation makes the verdict a denial. */
const OBLIGATIONS = {
  ALLOW: [], DENY: [], ROUTE: ['target'], THROTTLE: ['retry_after_ms', 'rate'], REQUIRE_HITL: OF_PEOPLE, REQUIRE_STEP_UP: [...OF_PEOPLE, 'min_strength', 'max_sign_in_age_ms'],
} as const satisfies Record<Outcome, ReadonlyArray<keyof Obligations>>;
const ALL_OBLIGATIONS: readonly string[] = [...new Set([...Object.values(OBLIGATIONS).flat(), ...SHAPING])];

/**
 * Verdicts that are written out: what would be a `base/malformed_verdict`, and so a DENY, when a call is decided is said here already.
 * What is computed is left to the combination.
 */
export function checkVerdicts(layers: readonly CompileLayer[], modules: ReadonlyMap<string, ModuleFacts>): FoundProblem[] {
  return layers.flatMap((layer) => [...layer.files.keys()].filter((file) => !isTestFile(file)).flatMap((file) => (modules.get(file)?.verdicts ?? []).flatMap((verdict) => checkVerdict(layer, verdict))));
}

function checkVerdict(layer: CompileLayer, { place, members }: WrittenVerdict): FoundProblem[] {
  const problems: FoundProblem[] = [];
  const at = placeOf(place);
  for (const name of members.keys()) {
    if (![...MEMBERS, ...OPTIONAL].includes(name)) problems.push(errorAt(placeOfTerm(members.get(name), at), 'unknown_verdict_field', `A verdict has no ${JSON.stringify(name)}.`, suggestion(name, [...MEMBERS, ...OPTIONAL])));
  }
  for (const name of MEMBERS.filter((member) => !members.has(member))) problems.push(errorAt(at, 'incomplete_verdict', `The verdict has no ${JSON.stringify(name)}.`, `A verdict is {"outcome", "rule", "message", "obligations"}${name === 'obligations' ? ': where there are none, write "obligations": {}.' : '.'}`));
  problems.push(...checkOneOf(members.get('outcome'), OUTCOMES, 'unknown_outcome', 'is no outcome', at), ...checkOneOf(members.get('mode'), MODES, 'unknown_mode', 'is no mode', at));
  return [...problems, ...checkRuleName(layer, members.get('rule'), at), ...checkObligations(members, at), ...checkEffect(layer, members, at)];
}

function checkOneOf(term: Term | undefined, allowed: readonly string[], code: string, words: string, at: SourcePlace): FoundProblem[] {
  const value = stringOf(term);
  return value === null || allowed.includes(value) ? [] : [errorAt(placeOfTerm(term, at), code, `${JSON.stringify(value)} ${words}.`, suggestion(value, allowed))];
}

function checkRuleName({ name }: CompileLayer, term: Term | undefined, at: SourcePlace): FoundProblem[] {
  const rule = stringOf(term);
  const prefix = rulePrefixOf(name);
  if (rule === null || (rule.startsWith(prefix) && rule.length > prefix.length)) return [];
  return [errorAt(placeOfTerm(term, at), 'rule_outside_layer', `The rule ${JSON.stringify(rule)} is not named after its layer.`, `Call it ${JSON.stringify(`${prefix}${rule.slice(rule.indexOf('/') + 1) || 'what_it_says'}`)}.`)];
}

function checkObligations(members: ReadonlyMap<string, Term>, at: SourcePlace): FoundProblem[] {
  const term = members.get('obligations');
  if (!isTermOf('object', term)) return [];
  const obligations = literalMembers(term);
  const outcome = stringOf(members.get('outcome'));
  const problems = [...obligations].flatMap(([name, value]) => checkObligation(outcome, name, placeOfTerm(value, at)));
  const computed = (term.value as unknown[]).length > obligations.size;
  const lacks = (names: readonly string[]): boolean => !computed && names.every((name) => !obligations.has(name));
  if (outcome === 'THROTTLE' && lacks(['retry_after_ms', 'rate'])) problems.push(errorAt(placeOfTerm(term, at), 'missing_obligation', 'A THROTTLE does not say when to try again.', 'Add "retry_after_ms": 60000, or "rate": {"count": 10, "per_ms": 60000}.'));
  if (outcome === 'ROUTE' && lacks(['target'])) problems.push(errorAt(placeOfTerm(term, at), 'missing_obligation', 'A ROUTE does not say where to.', 'Add "target": "connector/model", "instance:name" or "agent:pool", and name it in the tenant\'s route_targets.'));
  return problems;
}

function checkObligation(outcome: string | null, name: string, at: SourcePlace): FoundProblem[] {
  if (!ALL_OBLIGATIONS.includes(name)) return [errorAt(at, 'unknown_obligation', `There is no obligation ${JSON.stringify(name)}.`, suggestion(name, ALL_OBLIGATIONS))];
  const own: readonly string[] | undefined = OUTCOMES.find((one) => one === outcome) === undefined ? undefined : OBLIGATIONS[outcome as Outcome];
  if (own === undefined || own.includes(name) || (SHAPING as readonly string[]).includes(name)) return [];
  return [errorAt(at, 'misplaced_obligation', `${outcome} has no obligation ${JSON.stringify(name)}; such a verdict is a denial.`, `It has: ${[...own, ...SHAPING].join(', ')}.`)];
}

/** Workspace and environment only tighten: what they allow changes nothing. */
function checkEffect({ name }: CompileLayer, members: ReadonlyMap<string, Term>, at: SourcePlace): FoundProblem[] {
  if (stringOf(members.get('outcome')) !== 'ALLOW' || (name !== 'workspace' && name !== 'environment')) return [];
  return [warningAt(placeOfTerm(members.get('outcome'), at), 'allow_without_effect', `An ALLOW of the layer ${name} grants nothing: only packs and the tenant's layer can.`, 'Write what is to be restricted, or move the rule into the layer of the tenant.')];
}

function placeOfTerm(term: Term | undefined, otherwise: SourcePlace): SourcePlace {
  return term?.location === undefined ? otherwise : placeOf(term.location);
}

function suggestion(name: string, candidates: readonly string[]): string {
  const meant = nearest(name, candidates);
  return meant === null ? `There are: ${candidates.join(', ')}.` : `Did you mean ${JSON.stringify(meant)}?`;
}

/**
 * Where each rule's verdict is written. A verdict may also be made by a function that is given the name of its rule: then it is where
 * that name stands first.
 */
export function rulePlaces(layers: readonly CompileLayer[], modules: ReadonlyMap<string, ModuleFacts>): Record<string, RulePlace> {
  const places = new Map<string, RulePlace>();
  const written = layers.flatMap((layer) => [...layer.files.keys()].filter((file) => !isTestFile(file)).flatMap((file) => {
    const facts = modules.get(file);
    return facts === undefined ? [] : [{ prefix: rulePrefixOf(layer.name), facts }];
  }));
  const note = (rule: string, place: RulePlace): void => { if (!places.has(rule)) places.set(rule, place); };
  for (const { facts } of written) {
    for (const { members } of facts.verdicts) {
      const term = members.get('rule');
      const rule = stringOf(term);
      if (rule !== null && term?.location !== undefined) note(rule, { file: facts.file, line: term.location.row });
    }
  }
  for (const { prefix, facts } of written) for (const { value, line } of facts.slashed) if (value.startsWith(prefix)) note(value, { file: facts.file, line });
  return Object.fromEntries([...places].sort(([a], [b]) => (a < b ? -1 : 1)));
}
