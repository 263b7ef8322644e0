import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { may } from '../access/may.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import type { BundleArchive } from './bundle-archive.ts';
import { decisionRecord, logEntry } from './decision-view.ts';
import { explainByBundle, explainWithoutBundle, withoutSource } from './explain.ts';
import { filterValues, findDecision, listDecisions, listDiffering, listOfRun, shadowGroups, shadowReadiness } from './queries.ts';
import type { LogRow, ReadinessRow, ShadowGroupRow } from './queries.ts';

type Explanation = components['schemas']['DecisionExplanation'];

export interface DecisionsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly archive: BundleArchive;
}

const SEVEN_DAYS_MS = 7 * 86_400_000;

/** The decision log as people read it: what the execution plane has written, masked, and never the sealed input. */
export class Decisions {
  readonly #parts: DecisionsParts;

  constructor(parts: DecisionsParts) {
    this.#parts = parts;
  }

  async listDecisions({ principal, query }: Call<'listDecisions'>): Promise<Answer<'listDecisions'>> {
    const { tenantId, workspaceId } = principal;
    assertPeriod(query);
    if (query.run_id !== undefined && query.differs !== undefined) throw invalid('/query/differs', 'not_with_run_id', 'Leave out `run_id` or `differs`: the decisions of a run are few.');
    const limit = query.limit ?? 50;
    const after = positionOf(query.cursor);
    const [statement, tenth] = query.run_id !== undefined ? [listOfRun, query.run_id] : query.differs === true ? [listDiffering, true] : [listDecisions, query.differs ?? null];
    const rows = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<LogRow>(statement, [...filterValues(tenantId, workspaceId, query), tenth, after?.at ?? null, after?.id ?? null, limit + 1]));
    const page = pageOf(rows, limit);
    return { status: 200, body: { items: page.rows.map(logEntry), next_cursor: page.nextCursor } };
  }

  async getDecision({ principal, path }: Call<'getDecision'>): Promise<Answer<'getDecision'>> {
    const { tenantId, workspaceId } = principal;
    const row = await this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<LogRow>(findDecision, [tenantId, workspaceId, path.decision_id]));
    if (row === undefined) throw new ApiError('not_found', 'There is no such decision.');
    const explanation = await this.#explain(tenantId, row);
    const readsPolicy = may(principal, 'policies:read_source');
    return { status: 200, body: decisionRecord(row, readsPolicy ? explanation : withoutSource(explanation)) };
  }

  async getPolicyShadow({ principal, query }: Call<'getPolicyShadow'>): Promise<Answer<'getPolicyShadow'>> {
    const { tenantId, workspaceId } = principal;
    const to = query.to === undefined ? this.#parts.clock.now() : new Date(query.to);
    const from = query.from === undefined ? new Date(to.getTime() - SEVEN_DAYS_MS) : new Date(query.from);
    assertPeriod({ from: from.toISOString(), to: to.toISOString() });
    const values = [tenantId, workspaceId, query.environment ?? null, from, to];
    const { environments, groups } = await this.#parts.database.forTenant(tenantId, async (tx) => ({
      environments: await tx.rows<ReadinessRow>(shadowReadiness, values), groups: await tx.rows<ShadowGroupRow>(shadowGroups, values),
    }));
    return { status: 200, body: { from: from.toISOString(), to: to.toISOString(), environments: environments.map((row) => readiness(row, groups)) } };
  }

  /** In the words of the bundle that decided; what a whole shadow bundle said has a bundle, and lines, of its own. */
  async #explain(tenantId: string, row: LogRow): Promise<Explanation> {
    const unbound = row.shadows.filter((shadow) => shadow.source === 'rules').flatMap((shadow) => shadow.reasons.filter(({ rule }) => !row.reasons.some((reason) => reason.rule === rule)));
    if (row.bundle_digest === null) return explainWithoutBundle(row.reasons, unbound, null);
    const found = await this.#parts.archive.read(tenantId, { environmentId: row.environment_id, mode: 'enforce', seq: Number(row.bundle_seq), digest: row.bundle_digest });
    return 'files' in found ? explainByBundle(found.files, row.reasons, unbound) : explainWithoutBundle(row.reasons, unbound, found.missing);
  }
}

function readiness(row: ReadinessRow, groups: readonly ShadowGroupRow[]): components['schemas']['ShadowReadiness'] {
  return {
    ...row, first_shadow_at: row.first_shadow_at?.toISOString() ?? null, last_shadow_at: row.last_shadow_at?.toISOString() ?? null,
    groups: groups.filter((group) => group.environment_id === row.environment_id).map(({ environment_id: _of, ...group }) => group),
  };
}

/** @throws ApiError `request_invalid` for a period in which nothing can be */
export function assertPeriod({ from, to }: { readonly from?: string; readonly to?: string }): void {
  if (from === undefined || to === undefined || Date.parse(from) < Date.parse(to)) return;
  throw invalid('/query/from', 'not_before_to', 'Give a moment before `to`.');
}

function invalid(field: string, code: string, message: string): ApiError {
  return new ApiError('request_invalid', 'A parameter does not fit the contract.', { errors: [{ field, code, message }] });
}
