import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { listEnvironments } from './queries.ts';
import type { EnvironmentRow } from './queries.ts';

/** The environments of the workspace that is asked in, in the order of promotion, with how much is in use in each. */
export class Environments {
  readonly #database: Database;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
  }

  async listEnvironments({ principal: { tenantId, workspaceId } }: Call<'listEnvironments'>): Promise<Answer<'listEnvironments'>> {
    const items = await this.#database.forTenant(tenantId, (tx) => tx.rows<EnvironmentRow>(listEnvironments, [tenantId, workspaceId]));
    return { status: 200, body: { items } };
  }
}
