/**
 * Everything that the checker knows, and all that it knows: what the peer wrote down, what the driver did, and the tables as rows of text.
 * Nothing of the product is imported here, so that no mistake of it can hide behind itself.
 */
export interface Evidence {
  /** Of the driver: events that the cell acknowledged. */
  readonly accepted: readonly AcceptedLine[];
  readonly strikes: readonly StruckLine[];
  /** Of the peer. */
  readonly effects: readonly EffectLine[];
  readonly deliveries: readonly DeliveryRow[];
  readonly runs: readonly RunRow[];
  readonly steps: readonly StepRow[];
  readonly attempts: readonly AttemptRow[];
  readonly calls: readonly CallRow[];
  readonly decisions: readonly DecisionRow[];
  readonly approvals: readonly ApprovalRow[];
  readonly events: readonly EventRow[];
  readonly heads: readonly HeadRow[];
  readonly lease_ms: number;
}

export interface AcceptedLine { readonly record: string; readonly lane: string }
export interface StruckLine { readonly at_ms: number; readonly until_ms: number; readonly does: 'kill' | 'pause' | 'crash_postgres'; readonly worker: string | null }
export interface EffectLine {
  readonly n: number; readonly received_at_ms: number; readonly became: 'applied' | 'repeated' | 'refused';
  readonly action: string; readonly record: string; readonly value: string; readonly reference: string; readonly worker: string;
}
export interface DeliveryRow { readonly id: string; readonly subject: string; readonly state: string; readonly dropped_because: string | null }
export interface RunRow { readonly id: string; readonly subject: string | null; readonly state: string; readonly delivery_id: string | null; readonly error: { readonly code: string } | null }
export interface StepRow { readonly id: string; readonly run_id: string; readonly key: string; readonly state: string; readonly fence: number; readonly lease_owner: string | null }
export interface AttemptRow { readonly step_id: string; readonly fence: number; readonly worker: string; readonly state: string; readonly result: string | null; readonly started_at_ms: number; readonly finished_at_ms: number | null }
export interface CallRow { readonly id: string; readonly run_id: string; readonly step_id: string; readonly action: string; readonly risk: string; readonly action_digest: string; readonly state: string; readonly decision_id: string; readonly fence: number }
/** `committed_at_ms`: of the transaction that wrote it, which is the one of the intent (PostgreSQL's commit timestamps). */
export interface DecisionRow { readonly id: string; readonly run_id: string; readonly step_id: string; readonly action_digest: string; readonly outcome: string; readonly approval_id: string | null; readonly committed_at_ms: number }
export interface ApprovalRow { readonly id: string; readonly state: string; readonly action_digest: string }
export interface EventRow { readonly id: string; readonly chain: string; readonly pending_no: number; readonly type: string; readonly run_id: string | null; readonly body: string; readonly seq: number | null; readonly prev_hash: string | null; readonly hash: string | null; readonly line: string | null }
export interface HeadRow { readonly chain: string; readonly seq: number; readonly hash: string }
