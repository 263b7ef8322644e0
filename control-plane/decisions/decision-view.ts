import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { LogRow } from './queries.ts';

type Schemas = components['schemas'];

export function logEntry(row: LogRow): Schemas['DecisionLogEntry'] {
  const { id, run_id, step_id, call_key, environment, workflow, action, outcome, bundle_revision, differs, evaluated_us } = row;
  return {
    id, run_id, step_id, call_key, environment, workflow, action, outcome, bundle_revision, differs, evaluated_us,
    rules: row.reasons.map((reason) => reason.rule), bundle_seq: row.bundle_seq === null ? null : Number(row.bundle_seq), decided_at: row.decided_at.toISOString(),
  };
}

export function decisionRecord(row: LogRow, explain: Schemas['DecisionExplanation']): Schemas['DecisionRecord'] {
  const { environment_id, workspace_id, principal_id, instance_id, approval_id, path, reasons, obligations, action_digest, input_digest, erased, input_state, adjusted, routed_from } = row;
  return {
    ...logEntry(row), environment_id, workspace_id, principal_id, instance_id, approval_id, path, reasons, obligations, action_digest, input_digest, erased, input_state, adjusted, routed_from,
    bundle: bundleOf(row), masked_input: row.masked_input, shadows: row.shadows as unknown as Schemas['ShadowDecision'][], explain,
  };
}

function bundleOf(row: LogRow): Schemas['DecisionRecord']['bundle'] {
  if (row.bundle_revision === null || row.bundle_digest === null) return null;
  return {
    revision: row.bundle_revision, seq: Number(row.bundle_seq), digest: row.bundle_digest, age_ms: Number(row.bundle_age_ms),
    expires_at: row.bundle_expires_at?.toISOString() ?? null,
  };
}

/** One event as OPA writes it into its decision log. Source: OPA documentation, "Decision Logs". */
export interface OpaDecisionEvent {
  readonly labels: Readonly<Record<string, string>>;
  readonly decision_id: string;
  readonly bundles: Readonly<Record<string, { readonly revision: string }>>;
  readonly path: string | null;
  readonly requested_by: string | null;
  readonly input: Readonly<Record<string, unknown>> | null;
  readonly result: { readonly outcome: string; readonly reasons: LogRow['reasons']; readonly obligations: LogRow['obligations'] };
  readonly erased: readonly string[];
  readonly masked: readonly string[];
  readonly timestamp: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** `bundles` is empty where the decision point denied because it had none that it could trust. Nothing is ever put in the place of a value, so `masked` is empty. */
export function opaEvent(row: LogRow, tenantId: string): OpaDecisionEvent {
  const { outcome, reasons, obligations } = row;
  return {
    labels: {
      app: 'countersign', tenant: tenantId, workspace: row.workspace_id, environment: row.environment, run: row.run_id, action: row.action,
      ...(row.workflow === null ? {} : { workflow: row.workflow }),
    },
    decision_id: row.id,
    bundles: row.bundle_revision === null ? {} : { [row.environment_id]: { revision: row.bundle_revision } },
    path: row.path, requested_by: row.principal_id, input: row.masked_input, result: { outcome, reasons, obligations },
    erased: row.erased, masked: [], timestamp: row.decided_at.toISOString(),
    // The whole call to the decision point: schema, evaluation, reading the answer.
    metrics: { timer_server_handler_ns: row.evaluated_us * 1_000 },
  };
}
