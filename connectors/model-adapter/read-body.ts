import type { Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';

/** @throws ConnectorError response_invalid */
export function objectOf(value: Json | undefined, what: string): JsonObject {
  const found = objectIn(value);
  if (found !== null) return found;
  throw malformed(`${what} is not an object`);
}

/** @throws ConnectorError response_invalid */
export function listOf(value: Json | undefined, what: string): JsonObject[] {
  if (Array.isArray(value)) return value.map((each) => objectOf(each, what));
  throw malformed(`${what} is not a list`);
}

export function objectIn(value: Json | undefined): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A count of tokens. Absent is none; anything else would be metered wrongly. @throws ConnectorError response_invalid */
export function countOf(value: Json | undefined): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed('its usage is no count');
}

/** An id, a model's name, a reason to stop: short words of the provider's. Anything else is not kept, because it might be content. */
export function wordOf(value: Json | undefined): string | null {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,199}$/.test(value) ? value : null;
}

export function malformed(why: string): ConnectorError {
  return new ConnectorError({ code: 'response_invalid', effect: 'none', retryable: true, message: `The provider's answer is not what its interface gives: ${why}.` });
}
