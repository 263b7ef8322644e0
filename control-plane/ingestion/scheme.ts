import type { WebhookManifest, WebhookScheme } from '@countersign/contracts/connectors/manifest.ts';
import { verifyHubSignature, verifySignature } from './signature.ts';

/** What the headers of one webhook say, read as the connector's manifest declares them. */
export interface WebhookHeaders {
  readonly scheme: WebhookScheme;
  /** Names this delivery, for telling a retry from another body under the same name. */
  readonly id: string | null;
  /** Whether `id` is under the signature; one that is not proves nothing about a replay. */
  readonly idIsSigned: boolean;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  /** Whether anything of a signature is there: then it must be right, whatever else is. */
  readonly isSigned: boolean;
  /** The kind of event, where the peer says it beside the body. */
  readonly event: string | null;
}

const STANDARD_ID = 'webhook-id';
/** The digest of the old kind says that a sender signs, but not well enough. */
const HUB_HEADERS = ['x-hub-signature-256', 'x-hub-signature'] as const;

export function readHeaders(webhook: WebhookManifest | undefined, header: (name: string) => string | undefined): WebhookHeaders {
  const id = header(webhook?.id_header ?? STANDARD_ID);
  const event = webhook?.event_header === undefined ? null : header(webhook.event_header) ?? null;
  if (webhook?.scheme === 'hub-signature-256') {
    return {
      scheme: webhook.scheme, id: id ?? null, idIsSigned: false, timestamp: undefined, signature: header(HUB_HEADERS[0]),
      isSigned: HUB_HEADERS.some((name) => header(name) !== undefined), event,
    };
  }
  const [timestamp, signature] = [header('webhook-timestamp'), header('webhook-signature')];
  return { scheme: 'standard-webhooks', id: id ?? null, idIsSigned: true, timestamp, signature, isSigned: [id, timestamp, signature].some((value) => value !== undefined), event };
}

/** @throws ApiError `webhook_unsigned`, `webhook_timestamp_outside_window`, `webhook_signature_invalid` */
export function verifyWebhook({ scheme, id, timestamp, signature }: WebhookHeaders, body: Uint8Array, secret: string, now: Date): void {
  switch (scheme) {
    case 'standard-webhooks': return verifySignature({ id: id ?? undefined, timestamp, signature, body }, secret, now);
    case 'hub-signature-256': return verifyHubSignature({ id, signature, body }, secret);
  }
}
