import { webApi } from '@slack/bolt';
import { ApiError } from '@countersign/platform/http/api-error.ts';

/** Three tries within about two seconds. The SDK's default is ten within half an hour, during which a click would hang. */
export const RETRY: NonNullable<webApi.WebClientOptions['retryConfig']> = { retries: 2, factor: 2, minTimeout: 300, maxTimeout: 1_000 };
/** What is not idempotent is sent once; whoever sends it finds out what became of it. */
export const ONCE: NonNullable<webApi.WebClientOptions['retryConfig']> = { retries: 0 };

const LONGEST_PAUSE_S = 600;

/** Slack will say the same tomorrow: the message or the channel is gone, or not ours. */
export const FOR_GOOD: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'channel_not_found', 'is_archived', 'edit_window_closed', 'thread_not_found']);

/** What became of a call to Slack that did not succeed. */
export type SlackFailure =
  | { readonly kind: 'limited'; readonly retryAfter_s: number }
  /** Slack answered that it did not do it, and why. */
  | { readonly kind: 'refused'; readonly error: string }
  /** Nobody knows whether it arrived. */
  | { readonly kind: 'unknown'; readonly message: string };

/** After these a token is of no use any more (https://docs.slack.dev/reference/methods/auth.test#errors). */
const TOKEN_IS_DEAD: ReadonlySet<string> = new Set(['account_inactive', 'invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'app_uninstalled', 'team_access_not_granted']);

export function failureOf(error: unknown): SlackFailure {
  if (error instanceof webApi.WebAPIRateLimitedError) return { kind: 'limited', retryAfter_s: error.retryAfter };
  if (error instanceof webApi.WebAPIPlatformError) return { kind: 'refused', error: error.data.error };
  if (error instanceof webApi.WebAPIHTTPError && error.statusCode < 500) return { kind: 'refused', error: `http_${error.statusCode}` };
  return { kind: 'unknown', message: error instanceof Error ? error.message : String(error) };
}

/** Seconds until the next try, after so many: as Slack says, else longer each time. */
export function pauseOf(attempts: number, failure: SlackFailure): number {
  return failure.kind === 'limited' ? failure.retryAfter_s : Math.min(2 ** Math.min(attempts, 10), LONGEST_PAUSE_S);
}

export function tokenIsDead(failure: SlackFailure): boolean {
  return failure.kind === 'refused' && TOKEN_IS_DEAD.has(failure.error);
}

/** What callers of our own API are told. */
export function asApiError(error: unknown): ApiError {
  const failure = failureOf(error);
  if (failure.kind === 'refused') return new ApiError('slack_refused', `Slack answered ${failure.error}.`, { cause: error });
  return new ApiError('slack_unreachable', 'Slack did not answer.', { cause: error, retryAfter_s: failure.kind === 'limited' ? failure.retryAfter_s : 5 });
}
