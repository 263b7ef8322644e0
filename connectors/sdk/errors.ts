import type { ModelAnswer, Usage } from './connector.ts';

/**
 * How a connector says what went wrong. `effect` is what matters to the engine: `none` means that nothing can have happened,
 * `unknown` that the request may have arrived (a time-out after sending is always `unknown`).
 */
export const CONNECTOR_ERROR_CODES = [
  'parameters_invalid', 'peer_unauthenticated', 'peer_forbidden', 'peer_not_found', 'peer_rate_limited', 'peer_unavailable',
  'peer_refused', 'peer_timeout', 'peer_connection_lost', 'response_not_json', 'response_invalid', 'response_too_large',
  'target_closed', 'target_changed', 'reference_not_found', 'reference_ambiguous', 'write_not_kept',
  'host_not_allowed', 'address_not_allowed', 'redirect_not_allowed', 'credential_unusable',
  'model_not_trained', 'model_invalid', 'model_refused', 'model_truncated', 'model_content_filtered', 'model_overloaded', 'model_spend_limit', 'model_answer_invalid', 'nested_call_denied', 'nested_call_failed', 'call_aborted',
  'circuit_open', 'instance_rate_limited', 'instance_busy', 'policy_throttled', 'stopped_by_kill_switch',
] as const;
export type ConnectorErrorCode = (typeof CONNECTOR_ERROR_CODES)[number];

export interface ConnectorErrorDetails {
  readonly code: ConnectorErrorCode;
  /** For operators: names what failed and what to do. Holds no ticket text and no secret. */
  readonly message: string;
  readonly effect: 'none' | 'unknown';
  /** Whether trying again later can help. */
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly status?: number;
  /** What the call used up all the same: a refused or truncated answer is billed like any other. */
  readonly usage?: readonly Usage[];
  /** What is known of a model's answer that is not used: a refusal, a truncated one. */
  readonly model?: ModelAnswer;
  readonly cause?: unknown;
}

export class ConnectorError extends Error {
  readonly code: ConnectorErrorCode;
  readonly effect: 'none' | 'unknown';
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  readonly usage: readonly Usage[];
  readonly model: ModelAnswer | undefined;

  constructor(details: ConnectorErrorDetails) {
    super(details.message, { cause: details.cause });
    this.name = 'ConnectorError';
    this.code = details.code;
    this.effect = details.effect;
    this.retryable = details.retryable;
    this.retryAfterMs = details.retryAfterMs;
    this.status = details.status;
    this.usage = details.usage ?? [];
    this.model = details.model;
  }
}
