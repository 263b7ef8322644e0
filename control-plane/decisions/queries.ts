import type { ShadowDecision, Reason, Outcome } from '@countersign/contracts/policy/decision.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface LogRow {
  readonly id: string;
  readonly run_id: string;
  readonly step_id: string;
  readonly call_key: string;
  readonly environment_id: string;
  readonly environment: string;
  readonly workspace_id: string;
  readonly workflow: string | null;
  readonly action: string;
  readonly outcome: Outcome;
  readonly reasons: Reason[];
  readonly obligations: Record<string, unknown>;
  readonly bundle_revision: string | null;
  readonly bundle_seq: string | null;
  readonly bundle_digest: string | null;
  readonly bundle_age_ms: string | null;
  readonly bundle_expires_at: Date | null;
  readonly principal_id: string | null;
  readonly instance_id: string | null;
  readonly approval_id: string | null;
  readonly path: string | null;
  readonly action_digest: string;
  readonly input_digest: string;
  readonly masked_input: Record<string, unknown> | null;
  readonly erased: string[];
  readonly input_state: 'kept' | 'shredded' | 'none';
  readonly shadows: ShadowDecision[];
  readonly differs: boolean;
  readonly adjusted: { readonly capped: string[]; readonly redacted: string[] } | null;
  readonly routed_from: string | null;
  readonly evaluated_us: number;
  readonly decided_at: Date;
  readonly cursor_at: string;
}

const COLUMNS = `d.id, d.run_id, d.step_id, d.call_key, d.environment_id, e.name AS environment, e.workspace_id, d.workflow, d.action, d.outcome, d.reasons, d.obligations,
         d.bundle_revision, d.bundle_seq, d.bundle_digest, d.bundle_age_ms, d.bundle_expires_at, d.principal_id, d.instance_id, d.approval_id, d.path, d.action_digest,
         d.input_digest, d.masked_input, d.erased, d.shadows, d.differs, d.adjusted, d.routed_from, d.evaluated_us, d.decided_at,
         CASE WHEN d.input_sealed IS NOT NULL THEN 'kept' WHEN d.input_shredded_at IS NOT NULL THEN 'shredded' ELSE 'none' END AS input_state,
         to_char(d.decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at`;

/** `$3` to `$9`; the environment's own decisions only, so that each is read from its index. */
const FILTER = `d.tenant_id = e.tenant_id AND d.environment_id = e.id
         AND ($4::text IS NULL OR d.workflow = $4) AND ($5::text IS NULL OR d.action = $5) AND ($6::text[] IS NULL OR d.outcome = ANY ($6))
         AND ($7::jsonb IS NULL OR d.reasons @> $7) AND ($8::timestamptz IS NULL OR d.decided_at >= $8) AND ($9::timestamptz IS NULL OR d.decided_at < $9)`;
const OF_THE_WORKSPACE = 'e.tenant_id = $1 AND e.workspace_id = $2 AND ($3::text IS NULL OR e.name = $3)';

export interface LogFilter {
  readonly environment?: string;
  readonly workflow?: string;
  readonly action?: string;
  readonly outcome?: readonly string[];
  readonly rule?: string;
  readonly from?: string;
  readonly to?: string;
}

/** `$1` to `$9` of the statements here. */
export function filterValues(tenantId: string, workspaceId: string, filter: LogFilter): unknown[] {
  return [tenantId, workspaceId, filter.environment ?? null, filter.workflow ?? null, filter.action ?? null, filter.outcome ?? null,
    filter.rule === undefined ? null : JSON.stringify([{ rule: filter.rule }]), filter.from ?? null, filter.to ?? null];
}

/** A text of its own for what has an index of its own: a generic plan could not use it. */
function list(name: string, condition: string): Statement {
  return {
    name,
    text: `
    SELECT d.* FROM control.environments e CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM execution.decisions d
       WHERE ${FILTER} AND ${condition}
         AND ($11::timestamptz IS NULL OR (d.decided_at, d.id) < ($11, $12))
       ORDER BY d.decided_at DESC, d.id DESC LIMIT $13) d
     WHERE ${OF_THE_WORKSPACE}
     ORDER BY d.decided_at DESC, d.id DESC LIMIT $13`,
  };
}

/** `$10`: whether a shadow differed, or null. */
export const listDecisions = list('decisions.list', '($10::boolean IS NULL OR d.differs = $10)');
export const listDiffering = list('decisions.list_differing', 'd.differs AND $10::boolean');
/** `$10`: the run. */
export const listOfRun = list('decisions.list_of_run', 'd.run_id = $10');

export const findDecision: Statement = {
  name: 'decisions.find',
  text: `
    SELECT ${COLUMNS} FROM execution.decisions d
      JOIN control.environments e ON (e.tenant_id, e.id) = (d.tenant_id, d.environment_id)
     WHERE d.tenant_id = $1 AND e.workspace_id = $2 AND d.id = $3`,
};

/** Oldest first. `$10` seconds are left for those that are being written: a decision counts from before its commit. */
export const exportPage: Statement = {
  name: 'decisions.export_page',
  text: `
    SELECT d.* FROM control.environments e CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM execution.decisions d
       WHERE ${FILTER} AND d.decided_at < clock_timestamp() - make_interval(secs => $10)
         AND ($11::timestamptz IS NULL OR (d.decided_at, d.id) > ($11, $12))
       ORDER BY d.decided_at, d.id LIMIT $13) d
     WHERE ${OF_THE_WORKSPACE}
     ORDER BY d.decided_at, d.id LIMIT $13`,
};

export interface SealedRow extends Pick<LogRow, 'id' | 'outcome' | 'reasons' | 'obligations' | 'bundle_revision' | 'decided_at' | 'input_state'> {
  readonly input_sealed: Buffer | null;
}

export const findSealed: Statement = {
  name: 'decisions.find_sealed',
  text: `
    SELECT ${COLUMNS}, d.input_sealed FROM execution.decisions d
      JOIN control.environments e ON (e.tenant_id, e.id) = (d.tenant_id, d.environment_id)
     WHERE d.tenant_id = $1 AND e.workspace_id = $2 AND d.id = $3`,
};

export interface ReadinessRow {
  readonly environment_id: string;
  readonly environment: string;
  readonly decisions: number;
  readonly shadow_decisions: number;
  readonly differing: number;
  readonly days_observed: number;
  readonly first_shadow_at: Date | null;
  readonly last_shadow_at: Date | null;
}

export const shadowReadiness: Statement = {
  name: 'decisions.shadow_readiness',
  text: `
    SELECT e.id AS environment_id, e.name AS environment, counted.*
      FROM control.environments e CROSS JOIN LATERAL (
        SELECT count(*)::int AS decisions, count(*) FILTER (WHERE d.shadows <> '[]')::int AS shadow_decisions, count(*) FILTER (WHERE d.differs)::int AS differing,
               count(DISTINCT (d.decided_at AT TIME ZONE 'UTC')::date) FILTER (WHERE d.shadows <> '[]')::int AS days_observed,
               min(d.decided_at) FILTER (WHERE d.shadows <> '[]') AS first_shadow_at, max(d.decided_at) FILTER (WHERE d.shadows <> '[]') AS last_shadow_at
          FROM execution.decisions d
         WHERE d.tenant_id = e.tenant_id AND d.environment_id = e.id AND d.decided_at >= $4 AND d.decided_at < $5) counted
     WHERE ${OF_THE_WORKSPACE} ORDER BY e.ordinal`,
};

export interface ShadowGroupRow {
  readonly environment_id: string;
  readonly source: 'rules' | 'bundle';
  readonly action: string;
  readonly workflow: string | null;
  readonly rule: string;
  readonly from: Outcome;
  readonly to: Outcome;
  readonly count: number;
  readonly examples: string[];
}

export const shadowGroups: Statement = {
  name: 'decisions.shadow_groups',
  text: `
    SELECT e.id AS environment_id, g.*
      FROM control.environments e CROSS JOIN LATERAL (
        SELECT s ->> 'source' AS source, d.action, d.workflow, s -> 'reasons' -> 0 ->> 'rule' AS rule, d.outcome AS from, s ->> 'outcome' AS to,
               count(*)::int AS count, (array_agg(d.id ORDER BY d.decided_at DESC))[1:5] AS examples
          FROM execution.decisions d CROSS JOIN LATERAL jsonb_array_elements(d.shadows) s
         WHERE d.tenant_id = e.tenant_id AND d.environment_id = e.id AND d.decided_at >= $4 AND d.decided_at < $5 AND d.differs AND (s -> 'differs')::boolean
         GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY count DESC, d.action, rule LIMIT 200) g
     WHERE ${OF_THE_WORKSPACE}`,
};

/** Keys that a bundle may have been signed with at any time: one that is retired signs nothing new and still proves what it has signed. */
export const bundleKeys: Statement = {
  name: 'decisions.bundle_keys',
  text: `SELECT kid, algorithm, public_jwk FROM control.signing_keys WHERE tenant_id = $1 AND purpose = 'policy_bundle'`,
};
