import type { EgressResponse, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';
import { objectIn, textOf } from './read-body.ts';

export interface Meaning {
  readonly code: ConnectorErrorCode;
  readonly fix: string;
  readonly retryable?: boolean;
}

/** What a provider's own words for its refusals mean. */
export interface Refusals {
  /** By code or type. */
  readonly named: ReadonlyMap<string, Meaning>;
  /** By the head of its sentence, where it has no code. */
  readonly sentences?: ReadonlyArray<readonly [RegExp, Meaning]>;
}

/**
 * What a provider refused, in the connector's words. OpenAI and Azure: `{error: {message, type, code}}`; Anthropic:
 * `{type: 'error', error: {type, message, details: {error_code}}}`. Codes decide before the status does: a 429 may be a limit on
 * spending, which no waiting lifts. A provider's sentence may repeat the prompt, so only its codes are told.
 */
export function errorOfResponse(response: EgressResponse, { title, refusals }: { readonly title: string; readonly refusals: Refusals }, now: Date): ConnectorError {
  const { status } = response;
  const { names, sentence } = refusalIn(response);
  const byName = names.map((name) => refusals.named.get(name)).find((meaning) => meaning !== undefined);
  const bySentence = refusals.sentences?.find(([head]) => head.test(sentence))?.[1];
  const { code, fix, retryable = false } = byName ?? bySentence ?? meaningOf(status);
  const retryAfterMs = retryable ? retryAfter(response, now) : undefined;
  const named = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return new ConnectorError({
    code, effect: 'none', retryable, status, message: `${title} answered ${status}${named}; ${fix}.`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

export const SPEND_LIMIT: Meaning = { code: 'model_spend_limit', fix: "the account's credit or spending limit is used up; raise it at the provider, then redrive" };
export const CONTENT_FILTER: Meaning = { code: 'model_content_filtered', fix: "the provider's content filter refused the prompt or the input" };
export const CONTEXT_WINDOW: Meaning = { code: 'parameters_invalid', fix: "prompt, input and max_output_tokens are more than the model's context window holds; shorten them, or use a model with a larger one" };
export const UNKNOWN_MODEL: Meaning = { code: 'peer_not_found', fix: 'it has no such model or deployment, or the key may not use it; check the name in spec.models and the base URL' };
export const RATE_LIMIT: Meaning = { code: 'peer_rate_limited', retryable: true, fix: 'it asks for less at once, or to wait' };
export const OVERLOADED: Meaning = { code: 'model_overloaded', retryable: true, fix: 'it has more to do than it can; it is tried again' };
export const BROKEN: Meaning = { code: 'peer_unavailable', retryable: true, fix: 'the fault is on its side' };

function meaningOf(status: number): Meaning {
  switch (status) {
    case 401: return { code: 'peer_unauthenticated', fix: 'check the credential of the instance' };
    case 402: return SPEND_LIMIT;
    case 403: return { code: 'peer_forbidden', fix: 'the key may not use this model, or not from this network' };
    case 404: return UNKNOWN_MODEL;
    case 413: return CONTEXT_WINDOW;
    case 429: return RATE_LIMIT;
    case 503:
    case 529: return OVERLOADED;
    case 408:
    case 409: return { ...BROKEN, fix: 'it was too slow, or busy with the same' };
    default: return status >= 500 || status < 400 ? BROKEN : { code: 'peer_refused', fix: 'it does not take this request' };
  }
}

/** The provider's codes, the most exact first, and its sentence, which is looked at and never repeated. */
function refusalIn(response: EgressResponse): { readonly names: readonly string[]; readonly sentence: string } {
  const error = objectIn(bodyOf(response)['error']) ?? {};
  const inner = objectIn(error['innererror']) ?? {};
  const details = objectIn(error['details']) ?? {};
  const names = [details['error_code'], inner['code'], error['code'], error['type']].filter((name) => typeof name === 'string' && /^[A-Za-z][A-Za-z_]{2,59}$/.test(name)) as string[];
  return { names: [...new Set(names)], sentence: textOf(error['message']) };
}

/** Proxies answer in HTML: then the status is all there is. */
function bodyOf(response: EgressResponse): JsonObject {
  try {
    return objectIn(response.json()) ?? {};
  } catch {
    return {};
  }
}

const LONGEST_MS = 3_600_000;

/** `retry-after-ms` (OpenAI, Azure), or `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). */
function retryAfter({ headers }: EgressResponse, now: Date): number | undefined {
  const exact = headers['retry-after-ms']?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(exact)) return Math.min(Math.ceil(Number(exact)), LONGEST_MS);
  const text = headers['retry-after']?.trim() ?? '';
  if (text === '') return undefined;
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(Math.ceil(ms), 0), LONGEST_MS) : undefined;
}
