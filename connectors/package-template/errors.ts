import type { EgressResponse } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import type { ConnectorErrorCode } from '@countersign/connectors/sdk/errors.ts';

/**
 * The peer's refusals in the connector's words. `changes`: the request was a write, so after a 5xx nobody knows whether it happened.
 * The peer's own text is not repeated: it may quote what was sent.
 */
export function errorOfResponse(response: EgressResponse, of: { readonly changes: boolean; readonly now: Date }): ConnectorError {
  const { status } = response;
  const broken = status >= 500 || status < 400;
  const known = MEANING[status];
  const retryAfterMs = retryAfter(response, of.now);
  return new ConnectorError({
    code: known?.code ?? (broken ? 'peer_unavailable' : 'peer_refused'),
    message: `The peer answered ${status}${known === undefined ? '' : `; ${known.fix}`}.`,
    effect: of.changes && broken ? 'unknown' : 'none',
    retryable: broken || status === 429,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const MEANING: Readonly<Record<number, { readonly code: ConnectorErrorCode; readonly fix: string }>> = {
  401: { code: 'peer_unauthenticated', fix: 'check the credential of the instance' },
  403: { code: 'peer_forbidden', fix: 'the credential lacks a right' },
  404: { code: 'peer_not_found', fix: 'there is no such record, or the credential may not see it' },
  429: { code: 'peer_rate_limited', fix: 'wait, or ask for a higher limit' },
};

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), at most an hour. */
function retryAfter({ headers }: EgressResponse, now: Date): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  if (text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}
