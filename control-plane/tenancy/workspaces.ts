import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { refuseUnlessHome } from './home-workspace.ts';
import { makeWorkspace } from './make-tenant.ts';
import { copyOwnRoles, listWorkspaces, renameWorkspace, workspaceSlugTaken } from './queries.ts';
import type { WorkspaceRow } from './queries.ts';
import { refuseOverQuota } from './refuse-over-quota.ts';
import { lockQuotas } from './repository-quotas.ts';
import { workspaceOf } from './workspace-view.ts';

/** The workspaces of a tenant. */
export class Workspaces {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async listWorkspaces({ principal: { tenantId } }: Call<'listWorkspaces'>): Promise<Answer<'listWorkspaces'>> {
    const rows = await this.#database.forTenant(tenantId, (tx) => tx.rows<WorkspaceRow>(listWorkspaces, [tenantId, null]));
    return { status: 200, body: { items: rows.map(workspaceOf) } };
  }

  /** Whoever makes it has there the roles that were given to them at home, so that somebody can let others in; its environments get policy within seconds. */
  async createWorkspace({ principal, body }: Call<'createWorkspace'>): Promise<Answer<'createWorkspace'>> {
    const { tenantId } = principal;
    const id = newId('workspace');
    const made = await this.#database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      await refuseOverQuota(tx, tenantId, 'workspaces');
      // Two of one name at once: the second waits here and sees the first.
      await lockQuotas(tx, tenantId);
      if ((await tx.one<{ taken: boolean }>(workspaceSlugTaken, [tenantId, body.slug])).taken) throw new ApiError('name_taken', `There is a workspace "${body.slug}" already.`);
      await makeWorkspace(tx, tenantId, { id, slug: body.slug, name: body.name });
      const roles = await tx.rows<{ role: string }>(copyOwnRoles, [tenantId, principal.id, id, principal.workspaceId]);
      await this.#audit(tx, principal, 'workspace.created', id, { slug: body.slug, roles: roles.map(({ role }) => role) });
      return tx.one<WorkspaceRow>(listWorkspaces, [tenantId, id]);
    });
    return { status: 201, body: workspaceOf(made) };
  }

  async updateWorkspace({ principal, path, body }: Call<'updateWorkspace'>): Promise<Answer<'updateWorkspace'>> {
    const { tenantId } = principal;
    return this.#database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      if (await tx.change(renameWorkspace, [tenantId, path.workspace_id, body.name]) === 0) throw new ApiError('not_found', 'There is no such workspace.');
      await this.#audit(tx, principal, 'workspace.changed', path.workspace_id, { changed: ['name'] });
      return { status: 200, body: workspaceOf(await tx.one<WorkspaceRow>(listWorkspaces, [tenantId, path.workspace_id])) };
    });
  }

  #audit(tx: Transaction, principal: Principal, type: 'workspace.created' | 'workspace.changed', id: string, data: AuditData): Promise<string> {
    return appendAudit(tx, {
      at: this.#clock.now(), type, tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'workspace', id }, data,
    });
  }
}
