import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { changedSince, etagOf, expectedVersion } from '../budgets/etag.ts';
import { actorOf } from '../identity/principal.ts';
import { ceilingOf } from './effective-quota.ts';
import type { QuotaDefaults } from './effective-quota.ts';
import { refuseUnlessHome } from './home-workspace.ts';
import { listWorkspaces } from './queries.ts';
import type { WorkspaceRow } from './queries.ts';
import type { QuotaCache } from './quota-cache.ts';
import { QUOTA_MEANING, WORKSPACE_QUOTAS } from './quota-names.ts';
import type { QuotaName } from './quota-names.ts';
import { addUpStoredBytes, countStoredBytes, readIntake, readQuotas, readQuotaVersion, readUsage, replaceQuotas } from './repository-quotas.ts';
import type { IntakeRow, QuotaRow, Usage } from './repository-quotas.ts';

type Limits = components['schemas']['Limits'];
type Quota = components['schemas']['Quota'];

export interface LimitsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly quotas: QuotaCache;
  readonly defaults: QuotaDefaults;
}

/** What a tenant may have and use: shown with what it has and uses, and set below the ceiling of the cell. */
export class LimitsApi {
  readonly #parts: LimitsParts;

  constructor(parts: LimitsParts) {
    this.#parts = parts;
  }

  async getLimits({ principal }: Call<'getLimits'>): Promise<Answer<'getLimits'>> {
    return this.#parts.database.forTenant(principal.tenantId, (tx) => this.#answer(tx, principal.tenantId));
  }

  async putLimits({ principal, body, headers }: Call<'putLimits'>): Promise<Answer<'putLimits'>> {
    const { tenantId } = principal;
    const answer = await this.#parts.database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      const before = await readQuotas(tx, tenantId);
      const wanted = body.quotas.map(({ name, workspace_id, max }) => ({ name, workspace_id: workspace_id ?? '', max_value: max }));
      this.#check(wanted, before, await tx.rows<WorkspaceRow>(listWorkspaces, [tenantId, null]));
      const version = await replaceQuotas(tx, tenantId, 'tenant', wanted, principal.id, expectedVersion(headers['if-match']));
      if (version === undefined) throw changedSince();
      await countStoredBytes(tx, tenantId);
      for (const change of changesOf(before.filter((row) => row.set_for === 'tenant'), wanted)) {
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'quota.changed', tenant_id: tenantId, workspace_id: principal.workspaceId, run_id: null,
          actor: actorOf(principal), subject: { kind: 'quota', id: change.id }, data: { ...change.data, version },
        });
      }
      return this.#answer(tx, tenantId);
    });
    this.#parts.quotas.forget(tenantId);
    return answer;
  }

  /** @throws ApiError `request_invalid` that names each quota which cannot be */
  #check(wanted: ReadonlyArray<Omit<QuotaRow, 'set_for'>>, before: readonly QuotaRow[], workspaces: readonly WorkspaceRow[]): void {
    const errors = wanted.flatMap(({ name, workspace_id, max_value }, index): FieldProblem[] => {
      const at = (field: string, code: string, message: string): FieldProblem => ({ field: `/quotas/${index}/${field}`, code, message });
      if (wanted.findIndex((other) => other.name === name && other.workspace_id === workspace_id) !== index) return [at('name', 'repeated', 'Name each quota once.')];
      if (workspace_id !== '' && !workspaces.some(({ id }) => id === workspace_id)) return [at('workspace_id', 'unknown', 'There is no such workspace.')];
      if (workspace_id !== '' && !WORKSPACE_QUOTAS.includes(name)) return [at('name', 'not_of_a_workspace', `A workspace is limited in ${WORKSPACE_QUOTAS.join(', ')} only.`)];
      const ceiling = ceilingOf(before, this.#parts.defaults, name);
      return ceiling !== null && max_value > ceiling ? [at('max', 'above_ceiling', `The cell allows at most ${ceiling}.`)] : [];
    });
    if (errors.length > 0) throw new ApiError('request_invalid', 'A quota cannot be set like this.', { errors });
  }

  async #answer(tx: Transaction, tenantId: string): Promise<{ status: 200; headers: Record<string, string>; body: Limits }> {
    const { version, set_by, set_at } = await readQuotaVersion(tx, tenantId);
    const rows = await readQuotas(tx, tenantId);
    const used = usedOf(await readUsage(tx, tenantId), await readIntake(tx, tenantId), await addUpStoredBytes(tx, tenantId));
    const own = rows.filter((row) => row.set_for === 'tenant');
    const whole = (Object.keys(QUOTA_MEANING) as QuotaName[]).map((name): Quota => ({
      name, workspace_id: null, max: own.find((row) => row.name === name && row.workspace_id === '')?.max_value ?? null, ceiling: ceilingOf(rows, this.#parts.defaults, name), used: used(name, null),
    }));
    const ofWorkspaces = own.filter((row) => row.workspace_id !== '').map(({ name, workspace_id, max_value }): Quota => ({ name, workspace_id, max: max_value, ceiling: null, used: used(name, workspace_id) }));
    return { status: 200, headers: { etag: etagOf(version) }, body: { set_by, set_at: set_at?.toISOString() ?? null, quotas: [...whole, ...ofWorkspaces] } };
  }
}

/** What is used of a quota; null of the rates, which are told with each answer. */
function usedOf(usage: Usage, intake: readonly IntakeRow[], stored_bytes: number): (name: QuotaName, workspaceId: string | null) => number | null {
  const sum = (workspaceId: string | null, count: (row: IntakeRow) => number): number =>
    intake.filter((row) => workspaceId === null || row.workspace_id === workspaceId).reduce((all, row) => all + count(row), 0);
  return (name, workspaceId) => {
    if (name === 'requests_per_minute' || name === 'requests_per_minute_per_key') return null;
    if (name === 'stored_bytes') return stored_bytes;
    if (name === 'runs_per_day') return sum(workspaceId, (row) => row.runs_today + row.waiting);
    if (name === 'active_runs') return sum(workspaceId, (row) => row.open + row.waiting);
    return usage[name];
  };
}

interface QuotaChange {
  readonly id: string;
  readonly data: { readonly max_value: number | null; readonly was_max_value: number | null };
}

function changesOf(before: ReadonlyArray<Omit<QuotaRow, 'set_for'>>, after: ReadonlyArray<Omit<QuotaRow, 'set_for'>>): QuotaChange[] {
  const maxOf = (rows: ReadonlyArray<Omit<QuotaRow, 'set_for'>>): Map<string, number> => new Map(rows.map((row) => [row.workspace_id === '' ? row.name : `${row.workspace_id}/${row.name}`, row.max_value]));
  const [was, is] = [maxOf(before), maxOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].filter((id) => was.get(id) !== is.get(id))
    .map((id) => ({ id, data: { max_value: is.get(id) ?? null, was_max_value: was.get(id) ?? null } }));
}
