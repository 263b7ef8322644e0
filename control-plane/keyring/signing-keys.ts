import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { SIGNING_PURPOSES } from '@countersign/platform/keys/keys.ts';
import type { Keys, SigningKey, SigningPurpose } from '@countersign/platform/keys/keys.ts';
import { signerNow } from '@countersign/platform/keys/signer-now.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { listKeys, newestGeneration, publishKey } from './repository-keys.ts';
import type { KeyRow, NewestGeneration } from './repository-keys.ts';

type PublicKey = components['schemas']['PublicKey'];

/** Makes and publishes the first key of every purpose that has none: nobody can verify without. Gives whether one was missing. */
export async function publishMissingKeys(tx: Transaction, keys: Keys, tenantId: string): Promise<boolean> {
  let published = false;
  for (const purpose of SIGNING_PURPOSES) {
    if (await tx.maybeOne<NewestGeneration>(newestGeneration, [tenantId, purpose]) !== undefined) continue;
    await publish(tx, tenantId, purpose, 1, await keys.signingKey(tenantId, purpose, 1));
    published = true;
  }
  return published;
}

/** The key that signs a tenant's bundles now. It is published by the loop, and here at the latest. */
export async function bundleSigningKey(tx: Transaction, keys: Keys, tenantId: string): Promise<SigningKey> {
  await publishMissingKeys(tx, keys, tenantId);
  return signerNow(tx, keys, tenantId, 'policy_bundle');
}

/** `signs_in_s`: so long others know it before it signs. */
export async function publish(tx: Transaction, tenantId: string, purpose: SigningPurpose, generation: number, key: SigningKey, signs_in_s = 0): Promise<void> {
  await tx.change(publishKey, [tenantId, key.kid, purpose, key.algorithm, JSON.stringify(key.publicJwk), generation, signs_in_s]);
}

export async function publicKeys(tx: Transaction, tenantId: string): Promise<PublicKey[]> {
  return (await tx.rows<KeyRow>(listKeys, [tenantId])).map(shown);
}

function shown({ kid, purpose, algorithm, public_jwk, state, created_at, not_before, superseded_at, retired_at, revoked_at, compromised_since, needed_until }: KeyRow): PublicKey {
  return {
    kid, purpose, algorithm, public_jwk, state,
    created_at: created_at.toISOString(),
    not_before: (not_before ?? created_at).toISOString(),
    retires_at: purpose !== 'policy_bundle' || superseded_at === null || retired_at !== null ? null : (needed_until ?? superseded_at).toISOString(),
    retired_at: retired_at?.toISOString() ?? null,
    revoked_at: revoked_at?.toISOString() ?? null,
    compromised_since: compromised_since?.toISOString() ?? null,
  };
}
