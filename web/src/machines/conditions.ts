import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Condition = components['schemas']['Condition'];

/** One line of a federation's conditions, as it is typed. */
export interface ConditionRow {
  claim: string;
  how: 'equals' | 'glob';
  value: string;
}

/** What a token of GitHub Actions says of the workflow that it is for: a beginning that is exact where it must be. */
export const FIRST_CONDITION: ConditionRow = { claim: 'sub', how: 'equals', value: '' };

export function conditionsOf(rows: readonly ConditionRow[]): Condition[] {
  return rows.map(({ claim, how, value }) => ({ claim: claim.trim(), [how]: value.trim() }));
}

export function rowsOf(conditions: readonly Condition[]): ConditionRow[] {
  return conditions.map(({ claim, equals, glob }) => (equals === undefined ? { claim, how: 'glob', value: glob ?? '' } : { claim, how: 'equals', value: equals }));
}

/** The first thing that the server would refuse of them. */
export function wrongWith(rows: readonly ConditionRow[]): string | null {
  if (rows.some(({ claim, value }) => claim.trim() === '' || value.trim() === '')) return 'Each condition names a claim and what it must be.';
  return rows.some(({ how }) => how === 'equals') ? null : 'One condition at least says exactly what a claim must be.';
}

/** `sub is exactly repo:acme/desk:ref:refs/heads/main`. */
export function conditionInWords({ claim, equals, glob }: Condition): string {
  return equals === undefined ? `${claim} fits ${glob ?? ''}` : `${claim} is exactly ${equals}`;
}
