import type { EgressResponse, Json } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';

/**
 * GitHub's refusals in the connector's words. Source: GitHub Docs, "Rate limits for the REST API" and "Troubleshooting the REST API".
 * `changes`: the request was a write, so a 5xx says nothing about its effect.
 */
export function errorOfResponse(response: EgressResponse, what: string, of: { readonly changes: boolean; readonly now: Date }): ConnectorError {
  const { status } = response;
  const detail = detailOf(response);
  const limit = rateLimitOf(response, detail, of.now);
  const broken = status >= 500;
  const known = limit === null ? MEANING[status] : { code: 'peer_rate_limited' as const, fix: limit.fix };
  return new ConnectorError({
    code: known?.code ?? (broken ? 'peer_unavailable' : 'peer_refused'),
    message: `${what}: GitHub answered ${status}${detail}${known === undefined ? '' : `; ${known.fix}`}.`,
    effect: of.changes && broken ? 'unknown' : 'none',
    retryable: broken || limit !== null || status === 408 || status === 409,
    status,
    ...(limit === null ? {} : { retryAfterMs: limit.retryAfterMs }),
  });
}

const MEANING: Readonly<Record<number, { readonly code: ConnectorErrorCode; readonly fix: string }>> = {
  301: { code: 'peer_not_found', fix: 'the repository or issue has moved; use its new name' },
  401: { code: 'peer_unauthenticated', fix: 'check the credential of the instance' },
  403: { code: 'peer_forbidden', fix: 'the App lacks a permission that this needs, the repository is archived or the conversation is locked' },
  404: { code: 'peer_not_found', fix: 'it does not exist, or the App is not installed there or lacks the permission to see it' },
  410: { code: 'peer_not_found', fix: 'the issue was deleted, or issues are disabled in the repository' },
  422: { code: 'peer_refused', fix: 'GitHub does not take these values' },
};

/** GitHub asks for at least a minute where a secondary limit names no time. */
const SECONDARY_MS = 60_000;
/** The primary limit is renewed every hour. */
const LONGEST_MS = 3_600_000;

/** Both limits may come as 403 or 429: the primary one by its counter, the secondary one by `Retry-After` or by its words alone. */
function rateLimitOf({ status, headers }: EgressResponse, detail: string, now: Date): { readonly retryAfterMs: number; readonly fix: string } | null {
  if (status !== 403 && status !== 429) return null;
  const after = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(after)) return { retryAfterMs: bounded(Number(after) * 1_000), fix: 'it asks for less at once, or to wait' };
  if (headers['x-ratelimit-remaining'] === '0') {
    const reset_ms = Number(headers['x-ratelimit-reset']) * 1_000 - now.getTime();
    return { retryAfterMs: Number.isFinite(reset_ms) ? bounded(reset_ms) : SECONDARY_MS, fix: "this hour's requests are used up" };
  }
  return status === 429 || /rate limit/i.test(detail) ? { retryAfterMs: SECONDARY_MS, fix: 'it asks for less at once, or to wait' } : null;
}

function bounded(ms: number): number {
  return Math.min(Math.max(ms, 0), LONGEST_MS);
}

/** Only words that GitHub itself writes are repeated: a message may quote an issue. */
const OWN_WORDS = /^(?:Validation Failed|Not Found|Gone|Bad credentials|Requires authentication|Resource not accessible by integration|Repository was archived|Issues (?:are|has been) disabled|API rate limit exceeded|You have exceeded a secondary rate limit)/i;

function detailOf(response: EgressResponse): string {
  if (!/json/i.test(response.headers['content-type'] ?? '')) return ' with a page instead of JSON (a proxy may have answered)';
  try {
    const body = response.json();
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return '';
    const words = typeof body['message'] === 'string' ? OWN_WORDS.exec(body['message'])?.[0] : undefined;
    const fields = fieldsOf(body['errors']);
    return words === undefined && fields === '' ? '' : ` (${[words, fields].filter((part) => part !== undefined && part !== '').join(': ')})`;
  } catch {
    return '';
  }
}

/** `errors: [{resource, field, code}]` of a 422, as far as they are names. */
function fieldsOf(errors: Json | undefined): string {
  if (!Array.isArray(errors)) return '';
  const named = errors.slice(0, 5).flatMap((error) => {
    if (typeof error !== 'object' || error === null || Array.isArray(error)) return [];
    const parts = ['resource', 'field', 'code'].map((name) => error[name]).filter((part) => typeof part === 'string' && /^\w{1,40}$/.test(part));
    return parts.length === 0 ? [] : [parts.join(' ')];
  });
  return named.join(', ');
}
