import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { auditBy } from '../access/audit.ts';
import { may } from '../access/may.ts';
import type { AuthorizationSettings } from '../access/settings.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { endGrant, findGrant, giveRole, insertGrant, listGrants, lockGrant, reviewGrant, takeRole } from './queries.ts';
import type { GrantRow } from './queries.ts';

const FRESH_MS = 10 * 60_000;

export interface GrantsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifier: Notifier;
  readonly settingsOf: (tenantId: string) => Promise<AuthorizationSettings>;
}

/** A role that somebody takes in an emergency: at once, loudly, for a while, and looked at by somebody else afterwards. */
export class Grants {
  readonly #parts: GrantsParts;

  constructor(parts: GrantsParts) {
    this.#parts = parts;
  }

  async listBreakGlass({ principal }: Call<'listBreakGlass'>): Promise<Answer<'listBreakGlass'>> {
    const whose = may(principal, 'break_glass:review') ? null : principal.id;
    const where = principal.isInHomeWorkspace ? null : principal.workspaceId;
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<GrantRow>(listGrants, [principal.tenantId, whose, where, principal.id]));
    return { status: 200, body: { items: await Promise.all(rows.map((row) => this.#view(row, principal))) } };
  }

  async activateBreakGlass({ principal, body }: Call<'activateBreakGlass'>): Promise<Answer<'activateBreakGlass'>> {
    const { tenantId, workspaceId } = principal;
    const settings = await this.#parts.settingsOf(tenantId);
    this.#refuseUnlessEligible(principal, settings, body);
    const id = newId('break_glass');
    const sealed = await this.#parts.keys.seal(tenantId, 'identity', id, Buffer.from(body.reason));
    const row = await this.#begin(principal, id, async (tx) => {
      const { ends_at } = await tx.one<{ ends_at: Date }>(insertGrant, [tenantId, id, workspaceId, principal.id, body.role, sealed, body.duration_s * 1_000]);
      await tx.change(giveRole, [tenantId, workspaceId, principal.id, body.role, `break_glass:${id}`, ends_at]);
      await auditBy(tx, this.#parts.clock, principal, {
        type: 'break_glass.activated', subject: { kind: 'break_glass', id }, data: { role: body.role, ends_at: ends_at.toISOString(), reason_digest: digestOf(body.reason), auth_strength: principal.authStrength },
      });
      return tx.one<GrantRow>(findGrant, [tenantId, id]);
    });
    // For whoever is on call: as loud as a log can be.
    this.#parts.log.error({ tenant_id: tenantId, workspace_id: workspaceId, break_glass: id, principal_id: principal.id, role: body.role, ends_at: row.ends_at.toISOString() }, 'somebody broke the glass');
    tellConsoles(this.#parts.notifier, tenantId, row);
    return { status: 201, body: await this.#view(row, principal) };
  }

  async endBreakGlass({ principal, path }: Call<'endBreakGlass'>): Promise<Answer<'endBreakGlass'>> {
    const { tenantId } = principal;
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const before = await reachable(tx, principal, path.grant_id);
      // Ending twice is ending once.
      if (await tx.change(endGrant, [tenantId, before.id, 'ended']) === 0) return before;
      await tx.change(takeRole, [tenantId, `break_glass:${before.id}`]);
      await auditBy(tx, this.#parts.clock, principal, { type: 'break_glass.ended', subject: { kind: 'break_glass', id: before.id }, data: { because: 'ended', role: before.role } });
      return tx.one<GrantRow>(findGrant, [tenantId, before.id]);
    });
    tellConsoles(this.#parts.notifier, tenantId, row);
    return { status: 200, body: await this.#view(row, principal) };
  }

  async reviewBreakGlass({ principal, path, body }: Call<'reviewBreakGlass'>): Promise<Answer<'reviewBreakGlass'>> {
    const { tenantId } = principal;
    const sealed = await this.#parts.keys.seal(tenantId, 'identity', path.grant_id, Buffer.from(body.reason));
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const before = await reachable(tx, principal, path.grant_id);
      if (principal.kind !== 'person') throw new ApiError('forbidden', 'A review is a person\'s.');
      if (before.principal_id === principal.id) throw new ApiError('own_change', 'You broke the glass yourself.');
      if (!before.over) throw new ApiError('break_glass_active', 'It is open still: end it, then review it.');
      if (await tx.change(reviewGrant, [tenantId, before.id, principal.id, body.verdict, sealed]) === 0) throw new ApiError('change_request_state', 'It was reviewed already.');
      await auditBy(tx, this.#parts.clock, principal, { type: 'break_glass.reviewed', subject: { kind: 'break_glass', id: before.id }, data: { verdict: body.verdict, of: before.principal_id, reason_digest: digestOf(body.reason) } });
      return tx.one<GrantRow>(findGrant, [tenantId, before.id]);
    });
    tellConsoles(this.#parts.notifier, tenantId, row);
    return { status: 200, body: await this.#view(row, principal) };
  }

  #refuseUnlessEligible(principal: Principal, settings: AuthorizationSettings, { role, duration_s }: Call<'activateBreakGlass'>['body']): void {
    if (principal.kind !== 'person' || principal.via.kind !== 'session') throw new ApiError('break_glass_not_eligible', 'Only a person who is signed in breaks the glass: no key, no token.');
    if (!settings.breakGlassRoles.includes(role)) throw new ApiError('break_glass_not_eligible', `The role ${role} is not among those that may be taken: ${settings.breakGlassRoles.join(', ') || 'none'}.`);
    const age_ms = principal.signedInAt === null ? Number.POSITIVE_INFINITY : this.#parts.clock.now().getTime() - principal.signedInAt.getTime();
    if (age_ms > FRESH_MS) throw new ApiError('step_up_required', `This asks for a sign-in of the last ${FRESH_MS / 60_000} minutes.`);
    if (duration_s * 1_000 <= settings.breakGlassMax_ms) return;
    throw new ApiError('request_invalid', 'The duration is longer than the settings allow.', { errors: [{ field: '/duration_s', code: 'maximum', message: `Give at most ${settings.breakGlassMax_ms / 1_000}.` }] });
  }

  async #begin(principal: Principal, id: string, begin: (tx: Transaction) => Promise<GrantRow>): Promise<GrantRow> {
    try {
      return await this.#parts.database.forTenant(principal.tenantId, begin);
    } catch (error) {
      if (violates(error, 'one_break_glass_at_a_time')) throw new ApiError('break_glass_active', `You have an open grant already; ${id} was not made.`, { cause: error });
      throw error;
    }
  }

  /** Why it was done is for who did it and for who reviews it. */
  async #view(row: GrantRow, principal: Principal): Promise<components['schemas']['BreakGlass']> {
    const { reason_sealed, over, activated_at, ends_at, ended_at, reviewed_at, ...rest } = row;
    const sees = row.principal_id === principal.id || mayReview(principal, row);
    const reason = sees && reason_sealed !== null ? Buffer.from(await this.#parts.keys.unseal(principal.tenantId, 'identity', row.id, reason_sealed)).toString('utf8') : null;
    return {
      ...rest, reason, active: !over, activated_at: activated_at.toISOString(), ends_at: ends_at.toISOString(), ended_at: ended_at?.toISOString() ?? null, reviewed_at: reviewed_at?.toISOString() ?? null,
    };
  }
}

/** Slack hears of it, too: its alarms go by what the database says. */
export function tellConsoles(notifier: Notifier, tenantId: string, { id, workspace_id, over, verdict }: GrantRow): void {
  notifier.changed({ tenant_id: tenantId, workspace_id, kind: 'break_glass', id, state: verdict !== null ? 'reviewed' : over ? 'ended' : 'active' });
}

/** Who reviews does so in the workspace that they act in; from the home workspace, in all. */
function mayReview(principal: Principal, { workspace_id }: GrantRow): boolean {
  return may(principal, 'break_glass:review') && (principal.isInHomeWorkspace || principal.workspaceId === workspace_id);
}

/** One's own, or anybody's for who reviews. */
async function reachable(tx: Transaction, principal: Principal, id: string): Promise<GrantRow> {
  const row = await tx.maybeOne<GrantRow>(lockGrant, [principal.tenantId, id]);
  if (row === undefined || (row.principal_id !== principal.id && !mayReview(principal, row))) throw new ApiError('not_found', 'There is no such grant.');
  return row;
}
