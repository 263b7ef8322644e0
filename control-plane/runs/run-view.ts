import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { may } from '../access/may.ts';
import type { Principal } from '../identity/principal.ts';
import type { AttemptRow, CallRow, DecisionRow, EvidenceRow, RunRow, StepRow } from './queries.ts';

type Schemas = components['schemas'];

export function runSummary(row: RunRow): Schemas['RunSummary'] {
  return {
    id: row.id, workflow_name: row.workflow_name, workflow_version: row.workflow_version, environment: row.environment, state: row.state,
    subject: row.subject, subject_label: row.subject_label, cost_usd: row.cost_usd,
    created_at: row.created_at.toISOString(), started_at: iso(row.started_at), finished_at: iso(row.finished_at), error: row.error, paused_at: iso(row.paused_at),
  };
}

/** What started a run: metadata only; the payload itself is content. */
export function triggerOf(row: RunRow): Record<string, string | null> {
  return {
    kind: row.trigger_kind, key: row.trigger_key, delivery_id: row.delivery_id, source: row.delivery_source, event: row.delivery_event,
    instance_id: row.delivery_instance_id, received_at: iso(row.delivery_received_at),
  };
}

/** Steps with their attempts. The output is there for roles that may see content, while it is kept. */
export function stepViews(steps: readonly StepRow[], attempts: readonly AttemptRow[], principal: Principal, keys: Keys): Promise<Schemas['Step'][]> {
  const seesContent = may(principal, 'content:read');
  return Promise.all(steps.map(async ({ output_content_id, output_sealed, ...step }) => ({
    ...step,
    available_at: step.available_at.toISOString(), started_at: iso(step.started_at), finished_at: iso(step.finished_at), deadline_at: iso(step.deadline_at),
    output: seesContent && output_content_id !== null && output_sealed !== null ? await opened(keys, principal.tenantId, output_content_id, output_sealed) : null,
    attempts: attempts.filter((attempt) => attempt.step_id === step.id).map(({ step_id: _of, ...attempt }) => ({
      ...attempt, started_at: attempt.started_at.toISOString(), finished_at: iso(attempt.finished_at),
    })),
  })));
}

export function decisionView(row: DecisionRow): Schemas['Decision'] {
  return {
    ...row, decided_at: row.decided_at.toISOString(),
    bundle_seq: row.bundle_seq === null ? null : Number(row.bundle_seq), bundle_age_ms: row.bundle_age_ms === null ? null : Number(row.bundle_age_ms),
  };
}

export function callView(row: CallRow): Schemas['ToolCall'] {
  return { ...row, intended_at: row.intended_at.toISOString(), finished_at: iso(row.finished_at) };
}

export function evidenceView(row: EvidenceRow | undefined): Schemas['EvidenceRef'] | null {
  return row === undefined ? null : { id: row.id, sha256: row.sha256, size_bytes: row.size_bytes, built_at: row.built_at.toISOString() };
}

async function opened(keys: Keys, tenantId: string, contentId: string, sealed: Buffer): Promise<unknown> {
  return JSON.parse(Buffer.from(await keys.unseal(tenantId, 'content', contentId, sealed)).toString('utf8')) as unknown;
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
