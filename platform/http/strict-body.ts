import type { IncomingMessage } from 'node:http';
import { parseStrict } from '../canonical-json/parse-strict.ts';
import type { JsonValue } from '../canonical-json/parse-strict.ts';
import { ApiError } from './api-error.ts';

/** Refuses a body of another type than `wanted` (parameters other than `charset=utf-8` are ignored). */
export function requireMediaType(request: IncomingMessage, wanted: string): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '');
  if (type === wanted && (charset === undefined || charset === 'utf-8')) return;
  throw new ApiError('media_type_unsupported', `Send Content-Type: ${wanted} (in UTF-8).`, { headers: { 'accept-post': wanted } });
}

/** JSON by the strict rules of `canonical-json`, without NUL: PostgreSQL cannot store it, and nobody means it. */
export function parseJsonBody(bytes: Uint8Array, max_bytes: number): JsonValue {
  const value = parseStrict(bytes, max_bytes);
  refuseNul(value, '');
  return value;
}

/** Text in UTF-8, without NUL. */
export function parseTextBody(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ApiError('request_invalid', 'The body is not valid UTF-8.', { cause });
  }
  if (text.includes('\0')) throw new ApiError('request_invalid', 'The body holds a NUL character. Remove it.');
  return text;
}

function refuseNul(value: JsonValue, pointer: string): void {
  if (typeof value === 'string' && value.includes('\0')) throw nul(pointer);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key.includes('\0')) throw nul(pointer);
    refuseNul(member, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

function nul(pointer: string): ApiError {
  return new ApiError('json_invalid', `The body is refused: ${pointer === '' ? 'the document' : pointer} holds a NUL character (\\u0000). Remove it.`, {
    errors: [{ field: pointer, code: 'nul_character', message: 'Remove the NUL character (\\u0000).' }],
  });
}
