import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { may } from '../access/may.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import { deleteView, findView, insertView, listViews, updateView } from './queries.ts';
import type { SavedViewRow } from './queries.ts';

/** Of one person in one workspace: enough for anybody, and a bound on what listing reads. */
export const MAX_VIEWS = 100;
const MAX_LISTED = 500;

/** Searches that people keep under a name. They hold what to look for, never what was found. */
export class SavedViews {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listSavedViews({ principal }: Call<'listSavedViews'>): Promise<Answer<'listSavedViews'>> {
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<SavedViewRow>(listViews, [...of(principal), MAX_LISTED]));
    return { status: 200, body: { items: rows.map((row) => viewOf(row, principal)) } };
  }

  async createSavedView({ principal, body }: Call<'createSavedView'>): Promise<Answer<'createSavedView'>> {
    const id = newId('saved_view');
    const view = await this.#write(principal, id, async (tx) => {
      if (await tx.change(insertView, [...of(principal), id, body.name, JSON.stringify(body.filters), body.shared ?? false, MAX_VIEWS]) === 1) return;
      throw new ApiError('request_invalid', `Nobody keeps more than ${MAX_VIEWS} views in a workspace. Delete one first.`);
    });
    return { status: 201, body: view };
  }

  async updateSavedView({ principal, path, body }: Call<'updateSavedView'>): Promise<Answer<'updateSavedView'>> {
    const view = await this.#write(principal, path.view_id, async (tx) => {
      const filters = body.filters === undefined ? null : JSON.stringify(body.filters);
      if (await tx.change(updateView, [...of(principal), path.view_id, body.name ?? null, filters, body.shared ?? null]) === 1) return;
      if (await tx.maybeOne(findView, [...of(principal), path.view_id]) === undefined) throw noSuchView();
      throw new ApiError('forbidden', 'Only its owner changes a view. Save one of your own instead.');
    });
    return { status: 200, body: view };
  }

  async deleteSavedView({ principal, path }: Call<'deleteSavedView'>): Promise<Answer<'deleteSavedView'>> {
    await this.#database.forTenant(principal.tenantId, async (tx) => {
      if (await tx.change(deleteView, [...of(principal), path.view_id, may(principal, 'workspaces:manage')]) === 1) return;
      if (await tx.maybeOne(findView, [...of(principal), path.view_id]) === undefined) throw noSuchView();
      throw new ApiError('forbidden', 'Only its owner or an admin deletes a shared view.');
    });
    return { status: 204 };
  }

  /** Does `change` and reads what is there afterwards. @throws ApiError `name_taken` */
  #write(principal: Principal, id: string, change: (tx: Transaction) => Promise<void>): Promise<components['schemas']['SavedView']> {
    return this.#database.forTenant(principal.tenantId, async (tx) => {
      await change(tx);
      return viewOf(await tx.one<SavedViewRow>(findView, [...of(principal), id]), principal);
    }).catch((error: unknown) => {
      if (violates(error, 'view_name_is_unique_for_its_owner')) throw new ApiError('name_taken', 'You have a view of this name already.', { cause: error });
      throw error;
    });
  }
}

function of({ tenantId, workspaceId, id }: Principal): string[] {
  return [tenantId, workspaceId, id];
}

function noSuchView(): ApiError {
  return new ApiError('not_found', 'There is no such view among yours, nor among those that are shared.');
}

function viewOf(row: SavedViewRow, principal: Principal): components['schemas']['SavedView'] {
  return { ...row, mine: row.owner_id === principal.id, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}
