import type { EgressResponse } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';

/**
 * ServiceNow's refusals in the connector's words. Source: ServiceNow documentation, "REST API HTTP response codes" and "Inbound REST
 * API rate limiting". `changes`: the request was a write, so a 5xx says nothing about its effect.
 */
export function errorOfResponse(response: EgressResponse, what: string, of: { readonly changes: boolean; readonly now: Date }): ConnectorError {
  const { status } = response;
  const known = MEANING[status];
  const broken = status >= 500 || status < 400;
  const retryAfterMs = retryAfter(response, of.now);
  return new ConnectorError({
    code: known?.code ?? (broken ? 'peer_unavailable' : 'peer_refused'),
    message: `${what}: ServiceNow answered ${status}${detailOf(response)}${known === undefined ? '' : `; ${known.fix}`}.`,
    effect: of.changes && broken ? 'unknown' : 'none',
    retryable: broken || status === 429 || status === 408,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const MEANING: Readonly<Record<number, { readonly code: ConnectorErrorCode; readonly fix: string }>> = {
  400: { code: 'peer_refused', fix: 'the request does not fit this instance' },
  401: { code: 'peer_unauthenticated', fix: 'check the credential of the instance' },
  403: { code: 'peer_forbidden', fix: 'the integration user lacks a role, or a data policy or business rule refused the write' },
  404: { code: 'peer_not_found', fix: 'the record does not exist, or the integration user may not see it' },
  429: { code: 'peer_rate_limited', fix: 'raise the rate limit rule of the integration user or wait' },
};

/** Only texts that the platform itself writes are repeated: a business rule's message may quote the ticket. */
const PLATFORM_DETAIL = /^(?:ACL Exception|Data Policy Exception|Failed API level ACL|Record doesn't exist|Rate limit of|Required to provide)/;

function detailOf(response: EgressResponse): string {
  if (!/json/i.test(response.headers['content-type'] ?? '')) return ' with a page instead of JSON (a proxy or a sleeping instance may have answered)';
  try {
    const body = response.json();
    const error = typeof body === 'object' && body !== null && !Array.isArray(body) ? body['error'] : undefined;
    const detail = typeof error === 'object' && error !== null && !Array.isArray(error) ? error['detail'] : undefined;
    return typeof detail === 'string' && PLATFORM_DETAIL.test(detail) ? ` (${detail.slice(0, 200)})` : '';
  } catch {
    return '';
  }
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), at most an hour: rate limit windows are hourly. */
function retryAfter({ headers }: EgressResponse, now: Date): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}
