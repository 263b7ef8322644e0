import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Schemas = components['schemas'];
type Demands = Pick<Schemas['NewAuthorization'], 'min_strength' | 'max_sign_in_age_s'>;

/** What one permission demands of a sign-in, as it is typed. */
export interface DemandRow {
  permission: string;
  /** Empty: any. */
  strength: Schemas['SignInStrength'] | '';
  /** Empty: any age. */
  minutes: string;
}

/** The ways to sign in that can be demanded of people, the weakest first. */
export const STRENGTHS: ReadonlyArray<{ value: DemandRow['strength']; label: string }> = [
  { value: '', label: 'any sign-in' }, { value: 'link', label: 'a link or stronger' }, { value: 'oidc', label: 'a provider or stronger' }, { value: 'mfa', label: 'a second factor or stronger' }, { value: 'passkey', label: 'a passkey' },
];

const MAX_MINUTES = 1_440;

export function rowsOf({ min_strength, max_sign_in_age_s }: Demands): DemandRow[] {
  const permissions = [...new Set([...Object.keys(min_strength), ...Object.keys(max_sign_in_age_s)])].toSorted();
  return permissions.map((permission) => {
    const age_s = max_sign_in_age_s[permission];
    return { permission, strength: min_strength[permission] ?? '', minutes: age_s === undefined ? '' : String(age_s / 60) };
  });
}

/** Rows that demand nothing are left out. */
export function demandsOf(rows: readonly DemandRow[]): Demands {
  return {
    min_strength: Object.fromEntries(rows.flatMap(({ permission, strength }) => (strength === '' ? [] : [[permission, strength]]))),
    max_sign_in_age_s: Object.fromEntries(rows.flatMap(({ permission, minutes }) => (minutes.trim() === '' ? [] : [[permission, Number(minutes) * 60]]))),
  };
}

export function wrongWith(rows: readonly DemandRow[]): string | null {
  const wrong = rows.find(({ minutes }) => minutes.trim() !== '' && !(/^\d+$/.test(minutes.trim()) && Number(minutes) >= 1 && Number(minutes) <= MAX_MINUTES));
  return wrong === undefined ? null : `${wrong.permission}: write minutes from 1 to ${MAX_MINUTES}, or nothing.`;
}

/** `a passkey, at most 10 min old`. */
export function demandInWords({ strength, minutes }: DemandRow): string {
  const way = STRENGTHS.find(({ value }) => value === strength)?.label ?? strength;
  return minutes === '' ? way : `${way}, at most ${minutes} min old`;
}
