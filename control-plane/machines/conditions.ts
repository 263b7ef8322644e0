import type { JWTPayload } from 'jose';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { matchesGlob } from './glob.ts';

/** What must be true of a claim: the same text, or one that a pattern describes. */
export interface Condition {
  readonly claim: string;
  readonly equals?: string;
  readonly glob?: string;
}

/** Conditions that the claims do not meet, by their place in the list. A claim that is a list, an object or missing meets none. */
export function unmet(conditions: readonly Condition[], claims: JWTPayload): number[] {
  return conditions.flatMap((condition, index) => (holds(condition, claims[condition.claim]) ? [] : [index]));
}

function holds({ equals, glob }: Condition, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false;
  const text = String(value);
  return equals === undefined ? glob !== undefined && matchesGlob(glob, text) : text === equals;
}

/** Each says one thing, and one at least says it exactly: patterns alone trust whoever can name a project alike. @throws ApiError `request_invalid` */
export function refuseLoose(conditions: readonly Condition[]): void {
  const wrong = conditions.findIndex(({ equals, glob }) => (equals === undefined) === (glob === undefined));
  if (wrong >= 0) throw invalid(`/conditions/${wrong}`, 'one_of', 'Give either equals or glob.');
  if (!conditions.some(({ equals }) => equals !== undefined)) throw invalid('/conditions', 'too_loose', 'Give one condition with equals at least, such as the repository.');
  const everything = conditions.findIndex(({ glob }) => glob !== undefined && /^\*+$/.test(glob));
  if (everything >= 0) throw invalid(`/conditions/${everything}/glob`, 'too_loose', 'This matches anything: leave the condition out, or say what it must be.');
}

function invalid(field: string, code: string, message: string): ApiError {
  return new ApiError('request_invalid', 'The conditions are not narrow enough, or not clear.', { errors: [{ field, code, message }] });
}
