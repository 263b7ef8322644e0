import type { Decision, Obligations, Outcome } from '@countersign/contracts/policy/decision.ts';
import { OUTCOMES } from '@countersign/contracts/policy/decision.ts';
import { isAtLeast } from '@countersign/contracts/policy/sign-in-strength.ts';

/** After these something may be sent, or is shown to people who approve it: caps and redactions must be there. */
const SHAPED: readonly Outcome[] = ['ALLOW', 'ROUTE', 'REQUIRE_HITL', 'REQUIRE_STEP_UP'];

export interface LooserOptions {
  /** Whether the parents leave it open who is asked: the child may then name tier and role. */
  readonly mayNamePeople: boolean;
}

/** What `child` takes less of than `parents`, in words; empty where nothing. Written without a look at the Rego. */
export function loosened(parents: Decision, child: Decision, { mayNamePeople }: LooserOptions): string[] {
  if (rank(child) < rank(parents)) return [`${parents.outcome} became ${child.outcome}`];
  if (child.outcome === 'DENY') return [];
  const [before, after] = [parents.obligations, child.obligations];
  const shaped = SHAPED.includes(parents.outcome) && SHAPED.includes(child.outcome);
  return [
    ...compareNumbers(before, after),
    ...comparePeople(before, after, mayNamePeople),
    ...(parents.outcome === child.outcome ? compareWaysOn(before, after) : []),
    ...(shaped ? compareShape(before, after) : []),
  ];
}

function rank({ outcome }: Decision): number {
  return OUTCOMES.indexOf(outcome);
}

function compareNumbers(before: Obligations, after: Obligations): string[] {
  return [
    ...atLeast('required_votes', before.required_votes, after.required_votes),
    ...atMost('deadline_ms', before.deadline_ms, after.deadline_ms),
    ...atMost('max_sign_in_age_ms', before.max_sign_in_age_ms, after.max_sign_in_age_ms),
  ].filter(() => after.required_votes !== undefined);
}

function comparePeople(before: Obligations, after: Obligations, mayNamePeople: boolean): string[] {
  if (before.tier === undefined || after.tier === undefined) return [];
  const others = before.tier !== after.tier || before.required_role !== after.required_role;
  const weaker = before.min_strength !== undefined && !isAtLeast(after.min_strength ?? '', before.min_strength);
  return [...(others && !mayNamePeople ? ['other people are asked'] : []), ...(weaker ? ['a weaker sign-in is enough'] : [])];
}

/** When it may be tried again, and where it goes: these hold among decisions of the same outcome. */
function compareWaysOn(before: Obligations, after: Obligations): string[] {
  return [
    ...atLeast('retry_after_ms', before.retry_after_ms, after.retry_after_ms),
    ...atMost('rate.count', before.rate?.count, after.rate?.count),
    ...atLeast('rate.per_ms', before.rate?.per_ms, after.rate?.per_ms),
    ...(before.target === after.target ? [] : ['it goes elsewhere']),
  ];
}

function compareShape(before: Obligations, after: Obligations): string[] {
  const caps = Object.entries(before.caps ?? {}).flatMap(([pointer, cap]) => atMost(`cap of ${pointer}`, cap, after.caps?.[pointer]));
  const shown = (before.redactions ?? []).filter((pointer) => !(after.redactions ?? []).includes(pointer));
  return [...caps, ...shown.map((pointer) => `${pointer} is shown`)];
}

function atLeast(name: string, before: number | undefined, after: number | undefined): string[] {
  return before === undefined || (after !== undefined && after >= before) ? [] : [`${name} fell from ${before} to ${after}`];
}

function atMost(name: string, before: number | undefined, after: number | undefined): string[] {
  return before === undefined || (after !== undefined && after <= before) ? [] : [`${name} rose from ${before} to ${after}`];
}
