import type { EgressResponse, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';
import { objectIn, textOf } from './read-body.ts';

interface Meaning {
  readonly code: ConnectorErrorCode;
  readonly fix: string;
  readonly retryable?: boolean;
}

/**
 * What a provider refused, in the connector's words. OpenAI and Azure: `{error: {message, type, code}}`; Anthropic:
 * `{type: 'error', error: {type, message, details: {error_code}}}`. Codes decide before the status does: a 429 may be a limit on
 * spending, which no waiting lifts. A provider's sentence may repeat the prompt, so only its codes are told.
 */
export function errorOfResponse(response: EgressResponse, title: string, now: Date): ConnectorError {
  const { status } = response;
  const said = refusalIn(response);
  const { code, fix, retryable = false } = said.names.map((name) => NAMED[name]).find((meaning) => meaning !== undefined) ?? (said.tooLong ? CONTEXT_WINDOW : meaningOf(status));
  const retryAfterMs = retryable ? retryAfter(response, now) : undefined;
  const named = said.names.length === 0 ? '' : ` (${said.names.join(', ')})`;
  return new ConnectorError({
    code, effect: 'none', retryable, status, message: `${title} answered ${status}${named}; ${fix}.`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const SPEND_LIMIT: Meaning = { code: 'model_spend_limit', fix: "the account's credit or spending limit is used up; raise it at the provider, then redrive" };
const CONTENT_FILTER: Meaning = { code: 'model_content_filtered', fix: "the provider's content filter refused the prompt or the input" };
const CONTEXT_WINDOW: Meaning = { code: 'parameters_invalid', fix: "prompt, input and max_output_tokens are more than the model's context window holds; shorten them, or use a model with a larger one" };
const UNKNOWN_MODEL: Meaning = { code: 'peer_not_found', fix: 'it has no such model or deployment, or the key may not use it; check the name in spec.models and the base URL' };
const RATE_LIMIT: Meaning = { code: 'peer_rate_limited', retryable: true, fix: 'it asks for less at once, or to wait' };
const OVERLOADED: Meaning = { code: 'model_overloaded', retryable: true, fix: 'it has more to do than it can; it is tried again' };
const BROKEN: Meaning = { code: 'peer_unavailable', retryable: true, fix: 'the fault is on its side' };

const NAMED: Readonly<Record<string, Meaning>> = {
  insufficient_quota: SPEND_LIMIT, billing_hard_limit_reached: SPEND_LIMIT, billing_not_active: SPEND_LIMIT, credit_balance_exhausted: SPEND_LIMIT,
  billing_error: SPEND_LIMIT, enforced_spend_limit_reached: SPEND_LIMIT,
  content_filter: CONTENT_FILTER, content_policy_violation: CONTENT_FILTER, ResponsibleAIPolicyViolation: CONTENT_FILTER,
  context_length_exceeded: CONTEXT_WINDOW, string_above_max_length: CONTEXT_WINDOW, request_too_large: CONTEXT_WINDOW,
  model_not_found: UNKNOWN_MODEL, DeploymentNotFound: UNKNOWN_MODEL,
  overloaded_error: OVERLOADED, server_overloaded: OVERLOADED, slow_down: OVERLOADED,
  rate_limit_exceeded: RATE_LIMIT, rate_limit_error: RATE_LIMIT,
};

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

interface Refusal {
  /** The provider's codes, the most exact first. */
  readonly names: readonly string[];
  /** Anthropic has no code for a prompt that is too long, but one sentence. */
  readonly tooLong: boolean;
}

function refusalIn(response: EgressResponse): Refusal {
  const error = objectIn(bodyOf(response)['error']) ?? {};
  const inner = objectIn(error['innererror']) ?? {};
  const details = objectIn(error['details']) ?? {};
  const names = [details['error_code'], inner['code'], error['code'], error['type']].filter((name) => typeof name === 'string' && /^[A-Za-z][A-Za-z_]{2,59}$/.test(name)) as string[];
  return { names: [...new Set(names)], tooLong: /^(?:prompt is too long|input length and `max_tokens` exceed context limit)/i.test(textOf(error['message'])) };
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
