import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { ENGINE_VERSIONS } from '../engine/versions.ts';
import { MAX_QUEUES } from './fair-shares.ts';
import type { FairShares, GivenShare, QueuePlace } from './fair-shares.ts';
import { CLAIMABLE, fairValues, sharesSteps } from './repository-queues.ts';
import type { RunFacts, RunPins } from './repository-runs.ts';

/** A step that may be claimed, locked by this transaction together with its run. */
export interface Claimable {
  readonly stepId: string;
  readonly key: string;
  readonly state: StepState;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly fence: string;
  readonly runState: RunState;
  /** Its deadline is over: it is claimed to find out about an effect. */
  readonly overdue: boolean;
  /** How long it could have been claimed before. */
  readonly waitedMs: number;
  readonly facts: RunFacts;
}

const FACTS = ['tenant_id', 'workspace_id', 'environment_id', 'workflow_name', 'workflow_version', 'workflow_digest', 'definition', 'pins', 'trigger_kind',
  'trigger_content_id', 'subject', 'engine_version', 'traceparent'].map((column) => `r.${column}`).join(', ');

/** `$1`: how many at most; then `fairValues`, and `$11` the versions of the engine. */
export const claimable: Statement = {
  name: 'steps.claimable',
  text: `
    WITH RECURSIVE ${sharesSteps}
    SELECT end_of_look.*, share.tenant_id AS of_tenant, share.workspace_id AS of_workspace, share.priority AS of_priority, share.steps::int AS given,
           share.tenant_weight, share.workspace_weight, t.slug AS tenant_slug, w.slug AS workspace_slug, e.name AS environment_name, c.*
      -- one row where nothing waits
      FROM (SELECT (SELECT count(*)::int FROM looked_at) AS queues, l.tenant_id AS last_tenant, l.workspace_id AS last_workspace
              FROM (SELECT) one LEFT JOIN (SELECT * FROM looked_at ORDER BY tenant_id DESC, workspace_id DESC LIMIT 1) l ON true) end_of_look
      LEFT JOIN share ON true
      LEFT JOIN LATERAL (
        SELECT s.id AS step_id, s.key, s.state, s.attempt, s.max_attempts, s.fence::text AS fence, r.id AS run_id, r.state AS run_state, coalesce(s.deadline_at <= clock_timestamp(), false) AS overdue, ${FACTS},
               (extract(epoch FROM clock_timestamp() - s.available_at) * 1000)::float8 AS waited_ms
          FROM execution.steps s
          -- the run too, without waiting: a run that is just being moved is left for the next look
          CROSS JOIN LATERAL (
            SELECT * FROM execution.runs r
             WHERE r.tenant_id = s.tenant_id AND r.id = s.run_id AND r.engine_version = ANY ($11::int[])
               -- nothing new begins in a paused run; one that is cancelled ends all the same
               AND (r.paused_at IS NULL OR r.state = 'cancelling')
               FOR NO KEY UPDATE SKIP LOCKED) r
         WHERE ${CLAIMABLE} AND (s.tenant_id, s.workspace_id, s.priority) = (share.tenant_id, share.workspace_id, share.priority)
           AND s.available_at <= (SELECT clock_timestamp())
           -- what is over its deadline is tried no more; an effect of unknown outcome is still found out about
           AND (s.deadline_at IS NULL OR s.deadline_at > clock_timestamp() OR s.state = 'uncertain')
         ORDER BY s.available_at, s.id
         LIMIT share.steps
           FOR NO KEY UPDATE OF s SKIP LOCKED) c ON true
      LEFT JOIN control.tenant_directory t ON t.tenant_id = c.tenant_id
      LEFT JOIN control.workspaces w ON w.tenant_id = c.tenant_id AND w.id = c.workspace_id
      LEFT JOIN control.environments e ON e.tenant_id = c.tenant_id AND e.id = c.environment_id`,
};

/** Where the look ended, and what a queue was given. Null where nothing waits at all. */
interface ShareRow {
  queues: number; last_tenant: string | null; last_workspace: string;
  of_tenant: string | null; of_workspace: string; of_priority: number; given: number; tenant_weight: number; workspace_weight: number;
}

interface ClaimableRow {
  step_id: string; key: string; state: StepState; attempt: number; max_attempts: number; fence: string; run_state: RunState; overdue: boolean; waited_ms: number;
  tenant_id: string; tenant_slug: string; workspace_id: string; workspace_slug: string; environment_id: string; environment_name: string;
  run_id: string; workflow_name: string; workflow_version: number; workflow_digest: string; definition: WorkflowDefinition; pins: RunPins;
  trigger_kind: string; trigger_content_id: string | null; subject: string | null; engine_version: number; traceparent: string | null;
}

/**
 * Locks up to `limit` steps that may be claimed, shared out between those who wait; `shares` remembers whose turn it was.
 * `mayBeMore`: all that was asked for was given, or a turn that nothing came of, or not every queue was looked at; else nothing is left.
 */
export async function lockClaimable(tx: Transaction, limit: number, shares: FairShares): Promise<{ found: Claimable[]; mayBeMore: boolean }> {
  const rows = await tx.rows<ShareRow & (ClaimableRow | { step_id: null })>(claimable, [limit, ...fairValues(shares.state), ENGINE_VERSIONS]);
  const given = sharesOf(rows);
  const end = endOf(rows);
  shares.gave(given, end);
  const found = rows.filter((row) => row.step_id !== null).map(asClaimable);
  const total = given.reduce((sum, share) => sum + share.given, 0);
  return { found, mayBeMore: found.length < total || total >= limit || end.queues >= MAX_QUEUES };
}

function sharesOf(rows: readonly ShareRow[]): GivenShare[] {
  const shares = new Map<string, GivenShare>();
  for (const { of_tenant, of_workspace, of_priority, given, tenant_weight, workspace_weight } of rows) {
    if (of_tenant !== null) shares.set(`${of_workspace}/${of_priority}`, { tenant_id: of_tenant, workspace_id: of_workspace, priority: of_priority, given, tenant_weight, workspace_weight });
  }
  return [...shares.values()];
}

function endOf([first]: readonly ShareRow[]): { place: QueuePlace | null; queues: number } {
  if (first === undefined || first.last_tenant === null) return { place: null, queues: 0 };
  return { queues: first.queues, place: { tenant_id: first.last_tenant, workspace_id: first.last_workspace } };
}

function asClaimable(row: ClaimableRow): Claimable {
  return {
    stepId: row.step_id, key: row.key, state: row.state, attempt: row.attempt, maxAttempts: row.max_attempts, fence: row.fence, runState: row.run_state, overdue: row.overdue, waitedMs: row.waited_ms,
    facts: {
      tenant: { id: row.tenant_id, slug: row.tenant_slug },
      workspace: { id: row.workspace_id, slug: row.workspace_slug },
      environment: { id: row.environment_id, name: row.environment_name },
      run: { id: row.run_id, workflow: row.workflow_name, workflowVersion: row.workflow_version, workflowDigest: row.workflow_digest },
      definition: row.definition, pins: row.pins, triggerKind: row.trigger_kind, triggerContentId: row.trigger_content_id, subject: row.subject, engineVersion: row.engine_version, traceparent: row.traceparent,
    },
  };
}

const renewLeases: Statement = {
  name: 'steps.renew_leases',
  text: `
    WITH held AS MATERIALIZED (
      -- in the order in which the group commit locks them, too
      SELECT s.tenant_id, s.id
        FROM unnest($1::text[], $2::text[], $3::bigint[]) AS h(tenant_id, id, fence)
        JOIN execution.steps s ON s.tenant_id = h.tenant_id AND s.id = h.id
       WHERE s.fence = h.fence AND s.state = 'leased' AND s.lease_expires_at > clock_timestamp()
       ORDER BY s.tenant_id COLLATE "C", s.id COLLATE "C" FOR NO KEY UPDATE OF s
    )
    UPDATE execution.steps s SET lease_expires_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
      FROM held h WHERE s.tenant_id = h.tenant_id AND s.id = h.id
    RETURNING s.id`,
};

/** Extends the leases that are still held; gives the ids of their steps. What is missing from it was lost. */
export async function renew(tx: Transaction, held: ReadonlyArray<{ tenantId: string; stepId: string; fence: string }>, leaseMs: number): Promise<Set<string>> {
  const rows = await tx.rows<{ id: string }>(renewLeases, [held.map((lease) => lease.tenantId), held.map((lease) => lease.stepId), held.map((lease) => lease.fence), leaseMs]);
  return new Set(rows.map((row) => row.id));
}
