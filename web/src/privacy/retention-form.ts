import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Schemas = components['schemas'];

/** What is typed: days, or nothing for the default. */
export interface RetentionForm {
  content: string;
  operational: string;
  audit: string;
}

interface Limit {
  name: keyof RetentionForm;
  label: string;
  min: number;
  max: number;
}

const LIMITS: readonly Limit[] = [
  { name: 'content', label: 'Content', min: 0, max: 3_650 },
  { name: 'operational', label: 'How runs were carried out', min: 1, max: 3_650 },
  { name: 'audit', label: 'Bodies of audit events', min: 365, max: 36_500 },
];

export function formOf({ content_days, operational_days, audit_days }: Pick<Schemas['Retention'], 'content_days' | 'operational_days' | 'audit_days'>): RetentionForm {
  const text = (days: number | null): string => (days === null ? '' : String(days));
  return { content: text(content_days), operational: text(operational_days), audit: text(audit_days) };
}

/** What is wrong with the first field that is; null when it can be sent. */
export function wrongWith(form: RetentionForm): string | null {
  const wrong = LIMITS.find(({ name, min, max }) => form[name].trim() !== '' && !isWithin(form[name], min, max));
  return wrong === undefined ? null : `${wrong.label}: write days from ${wrong.min} to ${wrong.max}, or nothing.`;
}

export function wishOf(form: RetentionForm): Schemas['NewRetention'] {
  const days = (text: string): number | null => (text.trim() === '' ? null : Number(text));
  return { content_days: days(form.content), operational_days: days(form.operational), audit_days: days(form.audit) };
}

/** Whether something would be kept for a shorter time than now: what is gone stays gone. */
export function shortens(before: Schemas['NewRetention'], after: Schemas['NewRetention']): boolean {
  const length = (days: number | null): number => days ?? Infinity;
  return (['content_days', 'operational_days', 'audit_days'] as const).some((name) => length(after[name]) < length(before[name]));
}

function isWithin(text: string, min: number, max: number): boolean {
  return /^\d{1,6}$/.test(text.trim()) && Number(text) >= min && Number(text) <= max;
}
