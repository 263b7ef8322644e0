import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Keys, SigningKey, SigningPurpose } from '@countersign/platform/keys/keys.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { listKeys, publishKey, signingGeneration } from './repository-keys.ts';
import type { KeyRow } from './repository-keys.ts';

type PublicKey = components['schemas']['PublicKey'];

const PURPOSES: readonly SigningPurpose[] = ['policy_bundle', 'checkpoint', 'evidence'];

/** The key that signs a tenant's bundles now. The public half of every key of the tenant is published on the way: nobody can verify without. */
export async function bundleSigningKey(tx: Transaction, keys: Keys, tenantId: string): Promise<SigningKey> {
  for (const purpose of PURPOSES) await publishCurrent(tx, keys, tenantId, purpose);
  const { generation } = await tx.one<{ generation: number }>(signingGeneration, [tenantId, 'policy_bundle']);
  return keys.signingKey(tenantId, 'policy_bundle', generation);
}

async function publishCurrent(tx: Transaction, keys: Keys, tenantId: string, purpose: SigningPurpose): Promise<void> {
  const { generation } = await tx.one<{ generation: number }>(signingGeneration, [tenantId, purpose]);
  await publish(tx, tenantId, purpose, generation, await keys.signingKey(tenantId, purpose, generation));
}

export async function publish(tx: Transaction, tenantId: string, purpose: SigningPurpose, generation: number, key: SigningKey): Promise<void> {
  await tx.change(publishKey, [tenantId, key.kid, purpose, key.algorithm, JSON.stringify(key.publicJwk), generation]);
}

export async function publicKeys(tx: Transaction, tenantId: string): Promise<PublicKey[]> {
  return (await tx.rows<KeyRow>(listKeys, [tenantId])).map(shown);
}

function shown({ kid, purpose, algorithm, public_jwk, created_at, superseded_at, retired_at, needed_until }: KeyRow): PublicKey {
  return {
    kid, purpose, algorithm, public_jwk,
    state: retired_at !== null ? 'retired' : superseded_at !== null ? 'verifying' : 'signing',
    created_at: created_at.toISOString(),
    retires_at: superseded_at === null || retired_at !== null ? null : (needed_until ?? superseded_at).toISOString(),
    retired_at: retired_at?.toISOString() ?? null,
  };
}
