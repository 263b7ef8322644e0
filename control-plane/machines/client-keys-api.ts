import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { newSecret } from '../identity/tokens.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { readClientKey } from './client-keys.ts';
import { known, noteChange, viewOf } from './oauth-clients.ts';
import { revokeTokensOf } from './repository-clients.ts';
import { addClientKey, noteKeyAdder, removeClientKey } from './repository-client-keys.ts';
import { refuseMoreThanOwn } from './scopes.ts';

/** As many as a rotation takes, twice over. */
const MOST_KEYS = 4;

/** Keys that clients show who they are with in the place of a secret (`private_key_jwt`): two while they rotate, and with the last one gone none. */
export class ClientKeysApi {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async addOauthClientKey({ principal, path, body }: Call<'addOauthClientKey'>): Promise<Answer<'addOauthClientKey'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const { kid, algorithm, publicJwk } = await readClientKey(body.public_jwk);
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const before = await known(tx, tenantId, path.client_id);
      await refuseMoreThanOwn(tx, principal, { principalId: before.principal_id, workspaceId: before.workspace_id ?? principal.workspaceId, scopes: before.scopes });
      if (before.keys.length >= MOST_KEYS) throw new ApiError('request_invalid', `A client has ${MOST_KEYS} keys at most.`, { errors: [{ field: '/public_jwk', code: 'too_many', message: 'Remove one that is not used any more.' }] });
      if (await tx.change(addClientKey, [tenantId, before.id, kid, algorithm, JSON.stringify(publicJwk), principal.id]) === 0) return before;
      await tx.change(noteKeyAdder, [tenantId, before.id, principal.id, newSecret().sha256]);
      return noteChange(tx, this.#clock, principal, before.id, 'key_added', kid);
    });
    return { status: 201, body: viewOf(row) };
  }

  /** What was issued for it ends, too: a key is removed when it is lost or when another one has taken its place, and then new tokens are soon had. */
  async removeOauthClientKey({ principal, path }: Call<'removeOauthClientKey'>): Promise<Answer<'removeOauthClientKey'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    await this.#database.forTenant(tenantId, async (tx) => {
      await known(tx, tenantId, path.client_id);
      if (await tx.change(removeClientKey, [tenantId, path.client_id, path.kid]) === 0) throw new ApiError('not_found', 'The client has no such key.');
      await tx.change(revokeTokensOf, [tenantId, path.client_id]);
      await noteChange(tx, this.#clock, principal, path.client_id, 'key_removed', path.kid);
    });
    return { status: 204 };
  }
}
