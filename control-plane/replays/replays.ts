import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { environmentOf } from '../policies/layers.ts';
import type { PolicyReferences } from '../simulation/policy-references.ts';
import { cancelReplay, deleteChanges, findReplay, insertReplay, listReplays } from './repository-replays.ts';
import type { ReplayRow, ReplayState } from './repository-replays.ts';

type PolicyReplay = components['schemas']['PolicyReplay'];

export interface PolicyReplaysParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly references: PolicyReferences;
  /** Whoever carries them out. */
  readonly runner: { wake(): void };
}

/** What a policy would have changed, asked for and read. The runner does the asking, outside of this process' event loop. */
export class PolicyReplays {
  readonly #parts: PolicyReplaysParts;

  constructor(parts: PolicyReplaysParts) {
    this.#parts = parts;
  }

  async startPolicyReplay({ principal, body, requestId }: Call<'startPolicyReplay'>): Promise<Answer<'startPolicyReplay'>> {
    const { tenantId, workspaceId } = principal;
    const { database, references, clock, runner } = this.#parts;
    const [from, to] = periodOf(body, clock.now());
    await database.forTenant(tenantId, (tx) => environmentOf(tx, principal, body.environment_id));
    const policy = await references.resolve(principal, body.against, body.environment_id);
    const bundleKey = await references.keep(policy);
    const id = newId('policy_replay');
    const replay = await database.forTenant(tenantId, async (tx) => {
      await tx.change(insertReplay, [tenantId, id, workspaceId, body.environment_id, JSON.stringify(body.against), policy.stackDigest, policy.revision, bundleKey, from, to, body.reason ?? null, principal.id]);
      await this.#audit(tx, principal, 'policy.replay_requested', id, {
        environment_id: body.environment_id, stack_digest: policy.stackDigest, from: from.toISOString(), to: to.toISOString(), reason: body.reason ?? null, request_id: requestId,
      });
      return this.#read(tx, principal, id);
    });
    this.#announce(principal, id, 'queued');
    runner.wake();
    return { status: 202, body: replay };
  }

  async listPolicyReplays({ principal, query }: Call<'listPolicyReplays'>): Promise<Answer<'listPolicyReplays'>> {
    const { tenantId, workspaceId } = principal;
    const limit = query.limit ?? 50;
    const after = positionOf(query.cursor);
    const rows = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<ReplayRow>(listReplays, [tenantId, workspaceId, query.environment ?? null, after?.at ?? null, after?.id ?? null, limit + 1]));
    const page = pageOf(rows, limit);
    return { status: 200, body: { items: page.rows.map(replayOf), next_cursor: page.nextCursor } };
  }

  async getPolicyReplay({ principal, path }: Call<'getPolicyReplay'>): Promise<Answer<'getPolicyReplay'>> {
    return { status: 200, body: await this.#parts.database.forTenant(principal.tenantId, (tx) => this.#read(tx, principal, path.replay_id)) };
  }

  async cancelPolicyReplay({ principal, path, requestId }: Call<'cancelPolicyReplay'>): Promise<Answer<'cancelPolicyReplay'>> {
    const { tenantId } = principal;
    const replay = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const { id, state } = await this.#read(tx, principal, path.replay_id);
      if (await tx.change(cancelReplay, [tenantId, id]) === 0) throw new ApiError('replay_already_ended', `The replay has already ${state}.`);
      await tx.change(deleteChanges, [tenantId, id]);
      await this.#audit(tx, principal, 'policy.replay_cancelled', id, { request_id: requestId });
      return this.#read(tx, principal, id);
    });
    this.#announce(principal, replay.id, 'cancelled');
    return { status: 200, body: replay };
  }

  async #read(tx: Transaction, { tenantId, workspaceId }: Principal, id: string): Promise<PolicyReplay> {
    const row = await tx.maybeOne<ReplayRow>(findReplay, [tenantId, workspaceId, id]);
    if (row === undefined) throw new ApiError('not_found', 'There is no such replay.');
    return replayOf(row);
  }

  async #audit(tx: Transaction, principal: Principal, type: 'policy.replay_requested' | 'policy.replay_cancelled', id: string, data: AuditData): Promise<void> {
    const { tenantId, workspaceId } = principal;
    await appendAudit(tx, { at: this.#parts.clock.now(), type, tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal), subject: { kind: 'policy_replay', id }, data });
  }

  #announce({ tenantId, workspaceId }: Principal, id: string, state: ReplayState): void {
    this.#parts.notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'policy', id, state });
  }
}

/** Nothing is replayed that is decided while it runs. */
function periodOf({ from, to }: Call<'startPolicyReplay'>['body'], now: Date): [Date, Date] {
  const [begins, ends] = [new Date(from), new Date(Math.min(Date.parse(to), now.getTime()))];
  if (begins < ends) return [begins, ends];
  throw new ApiError('request_invalid', 'There is nothing in this period.', { errors: [{ field: '/from', code: 'not_before_to', message: 'Give a moment before `to` and before now.' }] });
}

function replayOf(row: ReplayRow): PolicyReplay {
  const { id, environment_id, environment, against, stack_digest, revision, reason, state, progress, total, done, requested_by, error, report } = row;
  return {
    id, environment_id, environment, against, stack_digest, revision, reason, state, progress, total, done, requested_by, error, report,
    from: row.decided_from.toISOString(), to: row.decided_to.toISOString(), requested_at: row.requested_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null, finished_at: row.finished_at?.toISOString() ?? null,
  };
}
