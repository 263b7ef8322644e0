import { ExpressionError } from './errors.ts';
import { MAX_RESULT_DEPTH, MAX_RESULT_SIZE } from './limits.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * A CEL value as JSON: ints become numbers where a double holds them and decimal strings where not, timestamps RFC 3339 text.
 * What JSON cannot say (bytes, types, durations, NaN) is an error, never dropped.
 */
export function jsonResult(value: unknown, expression: string): Json {
  let left = MAX_RESULT_SIZE;
  const spend = (size: number): void => {
    left -= size;
    if (left < 0) throw new ExpressionError('expression_result_too_large', `The expression "${expression}" gives more than ${MAX_RESULT_SIZE} characters.`, { expression });
  };
  const convert = (item: unknown, depth: number): Json => {
    if (depth > MAX_RESULT_DEPTH) throw new ExpressionError('expression_result_too_large', `The expression "${expression}" gives a value more than ${MAX_RESULT_DEPTH} levels deep.`, { expression });
    spend(1);
    if (typeof item === 'string') spend(item.length);
    if (item === null || typeof item === 'string' || typeof item === 'boolean') return item;
    if (typeof item === 'number' && Number.isFinite(item)) return item;
    if (typeof item === 'bigint') return safeInteger(item);
    if (Array.isArray(item)) return item.map((element) => convert(element, depth + 1));
    if (item instanceof Date && !Number.isNaN(item.getTime())) return item.toISOString();
    const members = membersOf(item);
    if (members === null) throw notJson(item, expression);
    return Object.fromEntries(members.map(([key, member]) => {
      spend(key.length);
      return [key, convert(member, depth + 1)];
    }));
  };
  return convert(value, 1);
}

function safeInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function membersOf(value: unknown): Array<[string, unknown]> | null {
  if (value instanceof Map) {
    const entries = [...value.entries()];
    return entries.every(([key]) => typeof key === 'string') ? entries as Array<[string, unknown]> : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : null;
}

function notJson(value: unknown, expression: string): ExpressionError {
  const kind = typeof value === 'object' && value !== null ? value.constructor.name : typeof value;
  return new ExpressionError('expression_result_not_json', `The expression "${expression}" gives a ${kind}, which JSON cannot hold. Convert it with string(), int() or double().`, { expression });
}
