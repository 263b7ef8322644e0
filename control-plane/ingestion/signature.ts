import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { ApiError } from '@countersign/platform/http/api-error.ts';

/** Standard Webhooks: five minutes both ways, because a timestamp of the future could be replayed until it is past. */
const WINDOW_MS = 5 * 60_000;
const MAX_ID = 256;

export interface SignedRequest {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Uint8Array;
}

/**
 * Standard Webhooks (https://www.standardwebhooks.com), symmetric: HMAC-SHA256 over `id.timestamp.body`, base64, `v1,` before it;
 * several signatures, split by spaces, while a secret is rotated.
 *
 * @param secret `whsec_<base64>` or the base64 alone
 * @throws ApiError `webhook_unsigned`, `webhook_timestamp_outside_window`, `webhook_signature_invalid`
 */
export function verifySignature({ id, timestamp, signature, body }: SignedRequest, secret: string, now: Date): void {
  if (!id || !timestamp || !signature) throw new ApiError('webhook_unsigned', 'One of webhook-id, webhook-timestamp and webhook-signature is missing.');
  if (id.length > MAX_ID || id.includes('\0')) throw new ApiError('webhook_signature_invalid', `The webhook-id is longer than ${MAX_ID} characters.`);
  const sent_ms = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1000 : Number.NaN;
  if (!(Math.abs(now.getTime() - sent_ms) <= WINDOW_MS)) {
    throw new ApiError('webhook_timestamp_outside_window', 'The webhook-timestamp (seconds since 1970) is more than 5 minutes from now, or is no number.');
  }
  const expected = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).update(`${id}.${timestamp}.`).update(body).digest();
  const matches = signature.split(' ').slice(0, 10).some((one) => isSame(one, expected));
  if (!matches) throw new ApiError('webhook_signature_invalid', 'No signature of the request matches its bytes.');
}

/**
 * `sha256=<hex>`: HMAC-SHA256 over the raw body with the secret's text as the key (WebSub 1.0, section 8). It covers neither an id nor a
 * time, so a replay passes here: that it is the same event, only its content tells.
 *
 * @throws ApiError `webhook_unsigned`, `webhook_signature_invalid`
 */
export function verifyHubSignature({ id, signature, body }: { readonly id: string | null; readonly signature: string | undefined; readonly body: Uint8Array }, secret: string): void {
  if (!signature) throw new ApiError('webhook_unsigned', 'x-hub-signature-256 is missing. Give the webhook the secret of this instance; a signature by SHA-1 alone is not taken.');
  if (id !== null && (id.length > MAX_ID || id.includes('\0'))) throw new ApiError('webhook_signature_invalid', `The id of the delivery is longer than ${MAX_ID} characters.`);
  const [, hex = ''] = /^sha256=([0-9a-f]{64})$/i.exec(signature) ?? [];
  const sent = Buffer.from(hex, 'hex');
  const expected = createHmac('sha256', Buffer.from(secret, 'utf8')).update(body).digest();
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) throw new ApiError('webhook_signature_invalid', 'The signature of the request does not match its bytes.');
}

/** The weaker way for customers that cannot sign: a secret in a header. */
export function verifySharedSecret(sent: string, secret: string): void {
  // Digests are of one length, so the comparison tells nothing about the secret's.
  if (!timingSafeEqual(hash('sha256', sent, 'buffer'), hash('sha256', secret, 'buffer'))) {
    throw new ApiError('webhook_signature_invalid', 'The shared secret is not the instance\'s.');
  }
}

function isSame(signature: string, expected: Buffer): boolean {
  const [version, text = ''] = signature.split(',', 2);
  const bytes = Buffer.from(text, 'base64');
  return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
