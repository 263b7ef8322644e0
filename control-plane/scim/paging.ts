import { ScimError } from './errors.ts';
import type { JsonObject } from './json.ts';

export const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const MOST = 200;

/** A page by the number of its first resource, counted from 1 (RFC 7644, 3.4.2.4). */
export interface Page {
  readonly startIndex: number;
  readonly count: number;
}

/** @throws ScimError `invalidValue` */
export function pageOf(query: URLSearchParams): Page {
  const number = (name: string, otherwise: number): number => {
    const text = query.get(name);
    if (text === null) return otherwise;
    if (!/^-?\d{1,9}$/.test(text)) throw new ScimError('invalidValue', `${name} is a whole number.`);
    return Number(text);
  };
  return { startIndex: Math.max(1, number('startIndex', 1)), count: Math.min(MOST, Math.max(0, number('count', 100))) };
}

export function listOf(resources: readonly JsonObject[], total: number, { startIndex }: Page): JsonObject {
  return { schemas: [LIST_SCHEMA], totalResults: total, startIndex, itemsPerPage: resources.length, Resources: resources };
}
