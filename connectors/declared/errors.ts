import type { EgressResponse } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';
import { retryAfterMsOf } from '../gateway/health/learnt-limits.ts';

const MEANING: Readonly<Record<number, { readonly code: ConnectorErrorCode; readonly fix: string }>> = {
  401: { code: 'peer_unauthenticated', fix: 'check the credential of the instance' },
  403: { code: 'peer_forbidden', fix: 'the credential lacks a right' },
  404: { code: 'peer_not_found', fix: 'it does not exist, or the credential may not see it' },
  409: { code: 'target_changed', fix: 'it is not in the state that the request expects' },
  412: { code: 'target_changed', fix: 'it has changed since it was read' },
  429: { code: 'peer_rate_limited', fix: 'the credential has used up its rate limit' },
};

/** A refusal of an API that we know nothing of but HTTP (RFC 9110, 15). The answer's text is not repeated: it may quote content. */
export function errorOfStatus({ status, headers }: EgressResponse, action: string, of: { readonly changes: boolean; readonly now: Date }): ConnectorError {
  const known = MEANING[status];
  const broken = status >= 500 || status < 400;
  const waits = status === 429 || status === 503;
  return new ConnectorError({
    code: known?.code ?? (broken ? 'peer_unavailable' : 'peer_refused'),
    message: `${action}: the instance answered ${status}${known === undefined ? '' : `; ${known.fix}`}.`,
    effect: of.changes && broken ? 'unknown' : 'none',
    retryable: broken || status === 429 || status === 408 || status === 409 || status === 412,
    status,
    ...(waits ? { retryAfterMs: retryAfterMsOf(headers, of.now.getTime(), 1_000) } : {}),
  });
}
