import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from '@countersign/platform/http/api-error.ts';

const WINDOW_S = 300;
const TIMESTAMP = /^[1-9]\d{9,10}$/;
const SIGNATURE = /^v0=[0-9a-f]{64}$/;

export interface SignedRequest {
  readonly body: Uint8Array;
  readonly signature: string | undefined;
  readonly timestamp: string | undefined;
}

/**
 * Slack's request signature: `v0=` and the hex HMAC-SHA256 of `v0:{timestamp}:{raw body}` under the app's signing secret, at most five
 * minutes old, and (what Slack's own SDK does not ask) not from the future either.
 * Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
 *
 * @throws ApiError `slack_request_unsigned`, `slack_timestamp_outside_window`, `slack_signature_invalid`
 */
export function verifySlackSignature({ body, signature, timestamp }: SignedRequest, signingSecret: string, now: Date): void {
  if (signature === undefined || timestamp === undefined) throw new ApiError('slack_request_unsigned', 'x-slack-signature or x-slack-request-timestamp is missing.');
  if (!TIMESTAMP.test(timestamp) || Math.abs(now.getTime() / 1000 - Number(timestamp)) > WINDOW_S) {
    throw new ApiError('slack_timestamp_outside_window', 'The timestamp is more than 5 minutes off, or not one.');
  }
  const expected = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(body).digest();
  if (!SIGNATURE.test(signature) || !timingSafeEqual(Buffer.from(signature.slice(3), 'hex'), expected)) {
    throw new ApiError('slack_signature_invalid', 'The signature is not that of this body and timestamp.');
  }
}
