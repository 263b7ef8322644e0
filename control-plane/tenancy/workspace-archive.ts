import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { refuseUnlessHome } from './home-workspace.ts';
import { archiveWorkspace, countWorkUnderWay, listWorkspaces, restoreWorkspace } from './queries.ts';
import type { WorkspaceRow, WorkUnderWayRow } from './queries.ts';
import { refuseOverQuota } from './refuse-over-quota.ts';
import { workspaceOf } from './workspace-view.ts';

/**
 * Takes a workspace out of use, and into use again. In an archived one nothing begins: webhooks are refused, schedules and polls rest, and
 * requests only read (see access/access.ts). What is there stays, with its audit and evidence.
 */
export class WorkspaceArchive {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async archiveWorkspace({ principal, path, body }: Call<'archiveWorkspace'>): Promise<Answer<'archiveWorkspace'>> {
    const { tenantId } = principal;
    return this.#database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      const workspace = await find(tx, tenantId, path.workspace_id);
      if (workspace.is_home) throw new ApiError('workspace_in_use', 'It is the home workspace: what concerns the whole tenant is done there.');
      await refuseWhileUnderWay(tx, tenantId, workspace.id);
      if (await tx.change(archiveWorkspace, [tenantId, workspace.id]) > 0) await this.#audit(tx, principal, workspace.id, 'archived', body.reason);
      return { status: 200, body: workspaceOf(await find(tx, tenantId, workspace.id)) };
    });
  }

  async restoreWorkspace({ principal, path, body }: Call<'restoreWorkspace'>): Promise<Answer<'restoreWorkspace'>> {
    const { tenantId } = principal;
    return this.#database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      const workspace = await find(tx, tenantId, path.workspace_id);
      if (workspace.archived_at !== null) {
        await refuseOverQuota(tx, tenantId, 'workspaces');
        if (await tx.change(restoreWorkspace, [tenantId, workspace.id]) > 0) await this.#audit(tx, principal, workspace.id, 'restored', body.reason);
      }
      return { status: 200, body: workspaceOf(await find(tx, tenantId, workspace.id)) };
    });
  }

  #audit(tx: Transaction, principal: Principal, id: string, change: 'archived' | 'restored', reason: string): Promise<string> {
    return appendAudit(tx, {
      at: this.#clock.now(), type: 'workspace.changed', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'workspace', id }, data: { change, reason_digest: digestOf(reason) },
    });
  }
}

async function find(tx: Transaction, tenantId: string, id: string): Promise<WorkspaceRow> {
  const row = await tx.maybeOne<WorkspaceRow>(listWorkspaces, [tenantId, id]);
  if (row === undefined) throw new ApiError('not_found', 'There is no such workspace.');
  return row;
}

/** Runs are ended by who knows what they do, never by an archive. @throws ApiError `workspace_in_use` */
async function refuseWhileUnderWay(tx: Transaction, tenantId: string, id: string): Promise<void> {
  const { runs, deliveries } = await tx.one<WorkUnderWayRow>(countWorkUnderWay, [tenantId, id]);
  if (runs + deliveries > 0) throw new ApiError('workspace_in_use', `${runs} runs have not ended and ${deliveries} events are about to start one. Cancel them, or wait.`);
}
