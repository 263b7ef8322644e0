import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type NotReplayed = NonNullable<components['schemas']['PolicyReplay']['report']>['not_replayed'];

const WHY: Record<keyof NotReplayed, string> = {
  failed: 'the policy gave no decision; such a call would be denied',
  facts_missing: 'the policy reads counters or budget that were not gathered then',
  input_outdated: 'recorded under an older contract than this policy needs',
  not_by_policy: 'the decision point denied by itself then: policy could not be asked',
  shredded: 'the input is gone: its retention is over',
  not_kept: 'the input was not recorded',
};

/** What is not in the figures, with the reason; what weighs most first, and only what there is. */
export function leftOut(not_replayed: NotReplayed): Array<{ count: number; why: string }> {
  return (Object.keys(WHY) as Array<keyof NotReplayed>).map((name) => ({ count: not_replayed[name], why: WHY[name] })).filter(({ count }) => count > 0);
}

/** `12.5 person-minutes`; `person-minutes not known` where nobody ever decided anything. */
export function minutesInWords(minutes: number | null): string {
  if (minutes === null) return 'person-minutes not known';
  return minutes > 0 && minutes < 0.1 ? 'less than 0.1 person-minutes' : `${Math.round(minutes * 10) / 10} person-minutes`;
}
