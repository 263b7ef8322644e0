import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { changedSince, etagOf, expectedVersion } from '../budgets/etag.ts';
import { actorOf } from '../identity/principal.ts';
import { judge } from './gate-judgement.ts';
import type { Candidate } from './gate-judgement.ts';
import { environmentOf } from './layers.ts';
import type { EnvironmentRow } from './repository-layers.ts';
import { findGates, findReplay, writeGate } from './repository-gates.ts';
import type { GateRow, ReplayRow } from './repository-gates.ts';

type PolicyGate = components['schemas']['PolicyGate'];
type GateReport = components['schemas']['PolicyGateReport'];

/** Before anybody sets one: nothing is asked for. The age is what a gate that is enabled in the console begins with. */
const OPEN = { enabled: false, max_replay_age_s: 86_400, min_decisions: 0, max_changed_share: null, max_newly_denied_runs: null, max_extra_approval_minutes: null } as const;

/** What a replay must show before policy is released in an environment. */
export class PolicyGates {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async getPolicyGate({ principal, path }: Call<'getPolicyGate'>): Promise<Answer<'getPolicyGate'>> {
    return this.#database.forTenant(principal.tenantId, async (tx) => {
      const environment = await environmentOf(tx, principal, path.environment_id).catch(notFound);
      const row = await gateOf(tx, principal.tenantId, environment.id);
      return answer(environment, row);
    });
  }

  async putPolicyGate({ principal, path, body, headers }: Call<'putPolicyGate'>): Promise<Answer<'putPolicyGate'>> {
    const { enabled, max_replay_age_s, min_decisions, max_changed_share, max_newly_denied_runs, max_extra_approval_minutes } = body;
    return this.#database.forTenant(principal.tenantId, async (tx) => {
      const environment = await environmentOf(tx, principal, path.environment_id).catch(notFound);
      const row = await tx.maybeOne<GateRow>(writeGate, [principal.tenantId, environment.id, enabled, max_replay_age_s, min_decisions, max_changed_share, max_newly_denied_runs, max_extra_approval_minutes,
        expectedVersion(headers['if-match']), principal.id]);
      if (row === undefined) throw changedSince();
      await appendAudit(tx, {
        at: this.#clock.now(), type: 'policy.gate_changed', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
        actor: actorOf(principal), subject: { kind: 'environment', id: environment.id },
        // Shares and minutes may be fractions, which a canonical trail holds as text.
        data: { enabled, max_replay_age_s, min_decisions, max_changed_share: text(max_changed_share), max_newly_denied_runs, max_extra_approval_minutes: text(max_extra_approval_minutes), version: row.version },
      });
      return answer(environment, row);
    });
  }

  /** What the gate of an environment says of a release; null where nothing is asked for. @throws ApiError `policy_replay_required` */
  async ask(tx: Transaction, place: { readonly tenantId: string; readonly workspaceId: string }, candidate: Candidate, replayId: string | null): Promise<GateReport | null> {
    const row = await gateOf(tx, place.tenantId, candidate.environmentId);
    if (row === undefined || !row.enabled) return null;
    const replay = replayId === null ? undefined : await tx.maybeOne<ReplayRow>(findReplay, [place.tenantId, place.workspaceId, replayId]);
    return judge(limitsOf(row), candidate, replay);
  }
}

async function gateOf(tx: Transaction, tenantId: string, environmentId: string): Promise<GateRow | undefined> {
  return tx.maybeOne<GateRow>(findGates, [tenantId, [environmentId]]);
}

export function gateView(environment: EnvironmentRow, row: GateRow | undefined): PolicyGate {
  return { ...(row === undefined ? OPEN : limitsOf(row)), environment_id: environment.id, environment: environment.name, set_by: row?.set_by ?? null, set_at: row?.set_at.toISOString() ?? null };
}

function limitsOf({ enabled, max_replay_age_s, min_decisions, max_changed_share, max_newly_denied_runs, max_extra_approval_minutes }: GateRow): components['schemas']['PolicyGateLimits'] {
  return { enabled, max_replay_age_s, min_decisions, max_changed_share, max_newly_denied_runs, max_extra_approval_minutes };
}

function answer(environment: EnvironmentRow, row: GateRow | undefined): { status: 200; headers: Record<string, string>; body: PolicyGate } {
  return { status: 200, headers: { etag: etagOf(row?.version ?? 0) }, body: gateView(environment, row) };
}

function text(value: number | null): string | null {
  return value === null ? null : String(value);
}

/** In a path, what is not there is not found. */
function notFound(error: unknown): never {
  if (error instanceof ApiError && error.code === 'policy_environment_unknown') throw new ApiError('not_found', error.message);
  throw error;
}
