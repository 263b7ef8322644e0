import type { EgressResponse, Json } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';

interface Asked {
  /** The request was a write, so what broke on Slack's side says nothing about its effect. */
  readonly changes: boolean;
  readonly now: Date;
}

interface Meaning {
  readonly code: ConnectorErrorCode;
  readonly fix: string;
}

/** An answer that is not 200: Slack's front door, or something before it. */
export function errorOfResponse(response: EgressResponse, method: string, of: Asked): ConnectorError {
  const { status } = response;
  const known = STATUS[status];
  const broken = status >= 500 || status < 400;
  const retryAfterMs = retryAfter(response, of.now);
  return new ConnectorError({
    code: known?.code ?? (broken ? 'peer_unavailable' : 'peer_refused'),
    message: `${method}: Slack answered ${status}${known === undefined ? '' : `; ${known.fix}`}.`,
    effect: of.changes && broken ? 'unknown' : 'none', retryable: broken || status === 429 || status === 408, status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** `{ok: false, error}`. The names are Slack's (https://docs.slack.dev/reference/methods/chat.postMessage#errors); others are refusals. */
export function errorOfAnswer(error: Json | undefined, response: EgressResponse, method: string, of: Asked): ConnectorError {
  const name = typeof error === 'string' && /^[a-z0-9_]{1,60}$/.test(error) ? error : 'no reason';
  const known = ERRORS[name];
  const broken = known?.code === 'peer_unavailable';
  const retryAfterMs = retryAfter(response, of.now);
  return new ConnectorError({
    code: known?.code ?? 'peer_refused', message: `${method}: Slack answered ${name}${known === undefined ? '' : `; ${known.fix}`}.`,
    effect: of.changes && broken ? 'unknown' : 'none', retryable: broken || known?.code === 'peer_rate_limited', status: response.status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const CREDENTIAL: Meaning = { code: 'peer_unauthenticated', fix: 'check the bot token of the instance' };
const FORBIDDEN: Meaning = { code: 'peer_forbidden', fix: 'the bot lacks a scope or may not post there' };
const RATE_LIMITED: Meaning = { code: 'peer_rate_limited', fix: 'it asks for less at once, or to wait' };
const BROKEN: Meaning = { code: 'peer_unavailable', fix: 'the fault is on its side' };

const STATUS: Readonly<Record<number, Meaning>> = {
  401: CREDENTIAL, 403: FORBIDDEN, 404: { code: 'peer_not_found', fix: 'check the base URL of the instance: https://slack.com' }, 429: RATE_LIMITED,
};

const ERRORS: Readonly<Record<string, Meaning>> = {
  not_authed: CREDENTIAL, invalid_auth: CREDENTIAL, account_inactive: CREDENTIAL, token_revoked: CREDENTIAL, token_expired: CREDENTIAL,
  missing_scope: FORBIDDEN, not_allowed_token_type: FORBIDDEN, restricted_action: FORBIDDEN, no_permission: FORBIDDEN, access_denied: FORBIDDEN,
  not_in_channel: { code: 'peer_forbidden', fix: 'invite the bot into the channel' },
  channel_not_found: { code: 'peer_not_found', fix: 'there is no such channel, or the bot is not in it' },
  is_archived: { code: 'target_closed', fix: 'the channel is archived' },
  ratelimited: RATE_LIMITED, rate_limited: RATE_LIMITED, message_limit_exceeded: RATE_LIMITED,
  internal_error: BROKEN, fatal_error: BROKEN, request_timeout: BROKEN, service_unavailable: BROKEN,
};

/** `Retry-After` in whole seconds, as Slack sends it, or as a date (RFC 9110, 10.2.3). */
function retryAfter({ headers }: EgressResponse, now: Date): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}
