import { createHash } from 'node:crypto';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { formatVerifierKey, verifierKeyOfJwk } from '@countersign/contracts/transparency/note.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { findTenant } from '../identity/bootstrap-queries.ts';
import { listWorkspaceIds } from './repository-keys.ts';
import { publicKeys } from './signing-keys.ts';

type PublicKey = components['schemas']['PublicKey'];

/** Whoever verifies takes it again after this; a key that is to sign is in it for longer than that before. */
const MAX_AGE_S = 300;

/**
 * The public key set of a tenant, for whoever has something that it signed and no account: JSON Web Keys (RFC 7517) of every purpose, those of
 * before too, and the verifier keys of its logs (C2SP signed-note). It holds ids and keys, and nothing else of the tenant.
 */
export async function getKeySet({ path }: Call<'getKeySet'>, database: Database): Promise<Answer<'getKeySet'>> {
  const tenant = await database.forNoTenant((tx) => tx.maybeOne<{ tenant_id: string }>(findTenant, [path.tenant_slug]));
  if (tenant === undefined) throw new ApiError('not_found', 'There is no key set of this name.');
  const { tenant_id } = tenant;
  const { keys, workspaces } = await database.forTenant(tenant_id, async (tx) => ({
    keys: await publicKeys(tx, tenant_id), workspaces: await tx.rows<{ id: string }>(listWorkspaceIds, [tenant_id]),
  }));
  const body = { keys: keys.map(jwkOf), vkeys: workspaces.flatMap(({ id }) => verifierKeys(`countersign.dev/audit/${tenant_id}/${id}`, keys)) };
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)}"`;
  return { status: 200, headers: { 'cache-control': `public, max-age=${MAX_AGE_S}`, etag }, body };
}

function jwkOf({ kid, purpose, algorithm, public_jwk, state, not_before, revoked_at, compromised_since }: PublicKey): components['schemas']['PublicJwk'] {
  return { ...public_jwk, kid, alg: algorithm, use: 'sig', purpose, state, not_before, revoked_at, compromised_since };
}

/** The keys that sign the checkpoints of a log, under the log's name. */
function verifierKeys(origin: string, keys: readonly PublicKey[]): Array<{ origin: string; kid: string; vkey: string }> {
  return keys.filter(({ purpose }) => purpose === 'checkpoint').flatMap(({ kid, public_jwk }) => {
    const key = verifierKeyOfJwk(origin, public_jwk as Record<string, string>);
    return key === null ? [] : [{ origin, kid, vkey: formatVerifierKey(key) }];
  });
}
