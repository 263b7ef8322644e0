import { EgressError } from '@countersign/platform/egress/errors.ts';
import type { EgressErrorCode } from '@countersign/platform/egress/errors.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';

const MEANING: Readonly<Record<EgressErrorCode, { readonly code: ConnectorErrorCode; readonly retryable: boolean }>> = {
  base_url_invalid: { code: 'host_not_allowed', retryable: false },
  connection_settings_invalid: { code: 'credential_unusable', retryable: false },
  request_invalid: { code: 'parameters_invalid', retryable: false },
  host_not_allowed: { code: 'host_not_allowed', retryable: false },
  address_not_allowed: { code: 'address_not_allowed', retryable: false },
  name_not_resolved: { code: 'peer_unavailable', retryable: true },
  connect_failed: { code: 'peer_unavailable', retryable: true },
  proxy_refused: { code: 'peer_unavailable', retryable: false },
  tls_failed: { code: 'peer_unavailable', retryable: false },
  timeout: { code: 'peer_timeout', retryable: true },
  aborted: { code: 'call_aborted', retryable: true },
  connection_lost: { code: 'peer_connection_lost', retryable: true },
  redirect_not_allowed: { code: 'redirect_not_allowed', retryable: false },
  response_too_large: { code: 'response_too_large', retryable: false },
  response_invalid: { code: 'response_invalid', retryable: false },
};

/** An egress failure as the connector sees it. `changes`: the request was one that may change something at the peer. */
export function connectorErrorOf(error: unknown, changes: boolean): unknown {
  if (!(error instanceof EgressError)) return error;
  const { code, retryable } = MEANING[error.code];
  const unknown = changes && error.sent;
  return new ConnectorError({ code, message: error.message, effect: unknown ? 'unknown' : 'none', retryable, cause: error });
}
