import type { EgressResponse } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';

/**
 * ServiceNow's refusals in the connector's words. Source: ServiceNow documentation, "REST API HTTP response codes" and "Inbound REST
 * API rate limiting". `changes`: the request was a write, so a 5xx says nothing about its effect.
 */
export function errorOfResponse(response: EgressResponse, what: string, of: { readonly changes: boolean; readonly now: Date }): ConnectorError {
  const { status } = response;
  const { code, fix, detail } = meaningOf(response);
  const broken = status >= 500 || status < 400;
  const retryAfterMs = retryAfter(response, of.now);
  return new ConnectorError({
    code,
    message: `${what}: ServiceNow answered ${status}${detail}${fix === '' ? '' : `; ${fix}`}.`,
    effect: of.changes && broken ? 'unknown' : 'none',
    retryable: broken || status === 429 || status === 408,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A page for people where JSON was asked for: something else than the API has answered. */
export function isPage(response: EgressResponse): boolean {
  return /^text\/html\b/i.test(response.headers['content-type'] ?? '');
}

interface Meaning {
  readonly code: ConnectorErrorCode;
  readonly fix: string;
  readonly detail: string;
}

function meaningOf(response: EgressResponse): Meaning {
  const { status } = response;
  const otherwise: ConnectorErrorCode = status >= 500 || status < 400 ? 'peer_unavailable' : 'peer_refused';
  if (!/json/i.test(response.headers['content-type'] ?? '')) {
    const code = status < 400 ? 'response_not_json' : (BY_STATUS[status]?.code ?? otherwise);
    return { code, detail: ' with a page instead of JSON', fix: pageMeaning(response) };
  }
  const said = platformDetail(response);
  const detail = said === '' ? '' : ` (${said})`;
  if (status === 403 || status === 400) {
    const refusal = REFUSALS.find(({ says }) => says.test(said));
    if (refusal !== undefined) return { code: refusal.code, detail, fix: refusal.fix };
  }
  if (status === 429) return { code: 'peer_rate_limited', detail, fix: rateLimitFix(response) };
  return { code: BY_STATUS[status]?.code ?? otherwise, detail, fix: BY_STATUS[status]?.fix ?? '' };
}

const BY_STATUS: Readonly<Record<number, { readonly code: ConnectorErrorCode; readonly fix: string }>> = {
  400: { code: 'peer_refused', fix: 'the request does not fit this instance' },
  401: { code: 'peer_unauthenticated', fix: 'check the credential of the instance' },
  403: { code: 'peer_forbidden', fix: 'the integration user lacks a role, or a data policy or business rule refused the write' },
  404: { code: 'peer_not_found', fix: 'the record does not exist, or an access rule hides it from the integration user: ServiceNow does not tell these apart' },
  429: { code: 'peer_rate_limited', fix: 'raise the rate limit rule of the integration user or wait' },
};

/** One status, three reasons: who asks, what is asked for, and a rule of the customer's own. Only the first is about roles. */
const REFUSALS: ReadonlyArray<{ readonly says: RegExp; readonly code: ConnectorErrorCode; readonly fix: string }> = [
  { says: /^Data Policy Exception/, code: 'peer_refused', fix: 'a data policy of this instance asks for the fields named, and roles do not change that: fill them in ServiceNow, or exempt the integration user from the policy' },
  { says: /aborted by Business Rule/, code: 'peer_refused', fix: 'a business rule of this instance refused the write; ask whoever keeps it' },
  { says: /^(?:ACL Exception|Failed API level ACL|User Not Authorized)/, code: 'peer_forbidden', fix: 'an access rule (ACL) refused the integration user: give it the role, see docs/how-to/connect-servicenow.md' },
];

/** Source: the pages that a sleeping developer instance, a sign-on and a proxy show. Nothing of the page itself is repeated. */
function pageMeaning({ body, status }: EgressResponse): string {
  const page = Buffer.from(body.subarray(0, 65_536)).toString('utf8');
  if (/hibernat/i.test(page)) return 'the instance is hibernating: developer instances fall asleep when nobody uses them; wake it at developer.servicenow.com';
  if (/login\.do|name=["']?user_password|SAMLRequest/i.test(page)) return 'it is a sign-in page: the credential was not taken, or a single sign-on stands before the API';
  return status >= 500 ? 'a proxy or an instance that is starting may have answered; try again later' : 'check that the base URL is the instance and not a portal or proxy';
}

/** `X-RateLimit-Rule` is the sys_id of the rule. Source: "Inbound REST API rate limiting". */
function rateLimitFix({ headers }: EgressResponse): string {
  const rule = /^[0-9a-f]{32}$/.exec(headers['x-ratelimit-rule'] ?? '')?.[0];
  return `raise the rate limit rule${rule === undefined ? '' : ` ${rule}`} of the integration user or wait`;
}

/** Only texts that the platform itself writes are repeated: a business rule's message may quote the ticket. */
const PLATFORM_DETAIL = /^(?:(?:ACL Exception|Data Policy Exception|Failed API level ACL|User Not Authorized|Record doesn't exist|Rate limit of|Required to provide)[^\r\n]*|Operation against file '[\w.]+' was aborted by Business Rule '[^'\r\n]*')/;

function platformDetail(response: EgressResponse): string {
  try {
    const body = response.json();
    const error = typeof body === 'object' && body !== null && !Array.isArray(body) ? body['error'] : undefined;
    if (typeof error !== 'object' || error === null || Array.isArray(error)) return '';
    const texts = [error['detail'], error['message']].map((text) => (typeof text === 'string' ? (PLATFORM_DETAIL.exec(text)?.[0] ?? '') : ''));
    return (texts.find((text) => text !== '') ?? '').slice(0, 300);
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
