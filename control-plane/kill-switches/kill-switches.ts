import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { settleClocks } from './clocks.ts';
import { endRecoveries, findKillSwitch, findTarget, insertKillSwitch, listKillSwitches, releaseKillSwitch } from './queries.ts';
import type { KillSwitchRow, RecoveryStage } from './queries.ts';

type KillSwitch = components['schemas']['KillSwitch'];

export interface KillSwitchesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
}

/** What stops a workflow, an environment, a workspace or a tenant. The workers hold every call to it; this only sets, releases and shows it. */
export class KillSwitches {
  readonly #parts: KillSwitchesParts;

  constructor(parts: KillSwitchesParts) {
    this.#parts = parts;
  }

  async listKillSwitches({ principal, query }: Call<'listKillSwitches'>): Promise<Answer<'listKillSwitches'>> {
    const { tenantId, workspaceId } = principal;
    const rows = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<KillSwitchRow>(listKillSwitches, [tenantId, workspaceId, query.active ?? null]));
    return { status: 200, body: { items: rows.map(killSwitchOf) } };
  }

  async setKillSwitch({ principal, body, requestId }: Call<'setKillSwitch'>): Promise<Answer<'setKillSwitch'>> {
    const { tenantId, workspaceId } = principal;
    const { scope, reason } = body;
    const id = newId('kill_switch');
    const killSwitch = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const target = await tx.maybeOne<{ id: string }>(findTarget, [tenantId, workspaceId, scope, targetOf(body, principal)]);
      if (target === undefined) throw new ApiError('kill_switch_target_unknown', `There is no ${scope} with this id in your workspace.`, { errors: [{ field: '/id', code: 'unknown', message: `Name a ${scope} by its id.` }] });
      const ended = await tx.rows<{ id: string }>(endRecoveries, [tenantId, scope, target.id]);
      for (const recovery of ended) await this.#audit(tx, principal, 'kill_switch.recovered', recovery.id, { scope, target_id: target.id, why: 'set_again', set_again_as: id });
      await tx.change(insertKillSwitch, [tenantId, id, scope, target.id, reason, principal.id]);
      await this.#audit(tx, principal, 'kill_switch.set', id, { scope, target_id: target.id, reason, request_id: requestId });
      await settleClocks(tx, tenantId);
      return killSwitchOf(await tx.one<KillSwitchRow>(findKillSwitch, [tenantId, workspaceId, id]));
    }).catch((error: unknown) => {
      if (violates(error, 'one_active_kill_switch')) throw new ApiError('kill_switch_already_set', `This ${scope} is stopped already.`, { cause: error });
      throw error;
    });
    this.#announce(principal, killSwitch, 'set');
    return { status: 201, body: killSwitch };
  }

  async releaseKillSwitch({ principal, path, body, requestId }: Call<'releaseKillSwitch'>): Promise<Answer<'releaseKillSwitch'>> {
    const { tenantId, workspaceId } = principal;
    const find = [tenantId, workspaceId, path.kill_switch_id];
    const recovery = stagesOf(body);
    const killSwitch = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne<KillSwitchRow>(findKillSwitch, find);
      if (row === undefined) throw new ApiError('not_found', 'There is no such kill switch.');
      if (await tx.change(releaseKillSwitch, [tenantId, row.id, principal.id, body.reason, recovery === null ? null : JSON.stringify(recovery), workspaceId]) === 0) throw new ApiError('kill_switch_already_released', 'The kill switch was released already.');
      await this.#audit(tx, principal, 'kill_switch.released', row.id, { scope: row.scope, target_id: row.target_id, reason: body.reason, recovery: recovery?.map(({ share, for_ms }) => ({ share: String(share), for_ms })) ?? null, request_id: requestId });
      await settleClocks(tx, tenantId);
      return killSwitchOf(await tx.one<KillSwitchRow>(findKillSwitch, find));
    });
    this.#announce(principal, killSwitch, 'released');
    return { status: 200, body: killSwitch };
  }

  async #audit(tx: Transaction, principal: Principal, type: 'kill_switch.set' | 'kill_switch.released' | 'kill_switch.recovered', id: string, data: AuditData): Promise<void> {
    const { tenantId, workspaceId } = principal;
    await appendAudit(tx, { at: this.#parts.clock.now(), type, tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal), subject: { kind: 'kill_switch', id }, data });
  }

  #announce({ tenantId, workspaceId }: Principal, { id, scope }: KillSwitch, state: 'set' | 'released'): void {
    this.#parts.notifier.changed({ tenant_id: tenantId, workspace_id: scope === 'tenant' ? null : workspaceId, kind: 'kill_switch', id, state });
  }
}

/** The tenant needs no id: there is only one that is one's own. */
function targetOf({ scope, id }: Call<'setKillSwitch'>['body'], { tenantId }: Principal): string | null {
  return id ?? (scope === 'tenant' ? tenantId : null);
}

/** @throws ApiError `request_invalid` where a stage lets fewer go than the one before: a run that was let go stays so */
function stagesOf({ recovery }: Call<'releaseKillSwitch'>['body']): RecoveryStage[] | null {
  const shrinking = recovery?.findIndex((stage, i) => i > 0 && stage.share <= (recovery[i - 1]?.share ?? 0)) ?? -1;
  if (shrinking > 0) {
    throw new ApiError('request_invalid', 'Each stage lets more go than the one before.', { errors: [{ field: `/recovery/${shrinking}/share`, code: 'not_growing', message: 'Name a share that is larger than that of the stage before.' }] });
  }
  return recovery?.map(({ share, for_ms }) => ({ share, for_ms })) ?? null;
}

function killSwitchOf(row: KillSwitchRow): KillSwitch {
  const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
  return {
    ...row, recovery: row.recovery === null ? null : [...row.recovery], set_at: row.set_at.toISOString(), released_at: iso(row.released_at),
    stage_began_at: iso(row.stage_began_at), recovered_at: iso(row.recovered_at),
  };
}
