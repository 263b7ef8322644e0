import type { PolicyReference } from '../policy/policy-reference.ts';

export const SPANS = [{ value: '1', label: '24 hours' }, { value: '7', label: '7 days' }, { value: '30', label: '30 days' }, { value: '90', label: '90 days' }];

const DAY_MS = 86_400_000;

/** The last days until now. */
export function periodOf(days: string, now_ms: number): { from: string; to: string } {
  return { from: new Date(now_ms - Number(days) * DAY_MS).toISOString(), to: new Date(now_ms).toISOString() };
}

/** Whose decisions are asked again unless another environment is chosen: where the policy is to decide, else the last by promotion, which has the most to lose. */
export function environmentOf(reference: PolicyReference | null, environments: ReadonlyArray<{ environment_id: string }>): string {
  return reference?.environment_id ?? reference?.promote_to ?? environments.at(-1)?.environment_id ?? '';
}
