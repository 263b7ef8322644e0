import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { enabledProviders } from './oidc/queries.ts';
import { tenantBySlug } from './tenant-by-slug.ts';

/** How one may sign in to a tenant. Of a tenant that does not exist it says the same as of one without identity providers. */
export class SignInMethods {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async getSignInMethods({ query }: Call<'getSignInMethods'>): Promise<Answer<'getSignInMethods'>> {
    const tenantId = await tenantBySlug(this.#database, query.tenant);
    const providers = tenantId === null ? [] : await this.#database.forTenant(tenantId, (tx) => tx.rows<{ id: string; name: string }>(enabledProviders, [tenantId]));
    return { status: 200, body: { link: true, passkey: true, providers: providers.map(({ id, name }) => ({ id, name })) } };
  }
}
