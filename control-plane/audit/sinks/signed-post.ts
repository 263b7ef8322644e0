import { createHmac } from 'node:crypto';
import type { Keys, SigningKey } from '@countersign/platform/keys/keys.ts';
import { signerNow } from '@countersign/platform/keys/signer-now.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { BoundFetch } from '../../outbound/bound-fetch.ts';
import { contentDigest, messageSignature } from '../../outbound/message-signature.ts';

export interface SignedPost {
  /** A message that comes again has the same. */
  readonly id: string;
  readonly text: string;
  /** Its media type. */
  readonly type: string;
  readonly at: Date;
  /** What the receiver was given when the sink was made. */
  readonly secret: Uint8Array;
  /** Whose public half is in the tenant's key set. */
  readonly key: SigningKey;
}

/** What the message signature covers: nothing of it may be sent to another receiver, or later as another message. */
const COVERED = ['@method', '@target-uri', 'content-type', 'content-digest', 'webhook-id', 'webhook-timestamp'];

/**
 * Posts what is signed twice: by Standard Webhooks (standardwebhooks.com) with the secret that the receiver shares, and by HTTP Message Signatures (RFC 9421)
 * with the tenant's webhook key, which whoever has the key set verifies, and nobody but us can make. Gives the status of the answer.
 */
export async function postSigned(bound: BoundFetch, url: string, { id, text, type, at, secret, key }: SignedPost): Promise<number> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const shared = createHmac('sha256', secret).update(`${id}.${timestamp}.${text}`).digest('base64');
  const headers = { 'content-type': type, 'content-digest': contentDigest(text), 'webhook-id': id, 'webhook-timestamp': timestamp };
  const signature = await messageSignature({ method: 'POST', url, headers }, COVERED, key, { label: 'countersign', at, tag: 'countersign-webhook' });
  try {
    const response = await bound.fetch(url, { method: 'POST', body: text, headers: { ...headers, 'webhook-signature': `v1,${shared}`, ...signature } });
    return response.status;
  } finally {
    await bound.close();
  }
}

export function isTaken(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** The key that signs webhooks at this moment: never one that was revoked. */
export function webhookSigner({ database, keys }: { readonly database: Database; readonly keys: Keys }, tenantId: string): Promise<SigningKey> {
  return database.forTenant(tenantId, (tx) => signerNow(tx, keys, tenantId, 'webhook'));
}
