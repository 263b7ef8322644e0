import { ScimError } from './errors.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member of an object by its name in any case: attribute names of SCIM have none (RFC 7643, 2.1). */
export function member(object: JsonObject, name: string): Json | undefined {
  const found = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : object[found];
}

/** A text, or null where there is none. @throws ScimError `invalidValue` for anything else */
export function textOf(value: Json | undefined, name: string, longest = 320): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string' || value.length > longest) throw new ScimError('invalidValue', `${name} must be a text of at most ${longest} characters.`);
  return value;
}

/** A boolean; directories also send it as the text "True" or "False". @throws ScimError `invalidValue` */
export function booleanOf(value: Json | undefined, name: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw new ScimError('invalidValue', `${name} must be true or false.`);
}
