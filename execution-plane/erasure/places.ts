import type { ScannedTable } from '@countersign/platform/postgres/text-scan.ts';

const ENDED = `t.state IN ('succeeded', 'failed', 'cancelled')`;
const RUN_ENDED = `EXISTS (SELECT FROM execution.runs r WHERE (r.tenant_id, r.id) = (t.tenant_id, t.run_id) AND r.state IN ('succeeded', 'failed', 'cancelled')) AND NOT control.is_run_held(t.tenant_id, t.run_id)`;
const STEP_ENDED = `EXISTS (SELECT FROM execution.steps s JOIN execution.runs r ON (r.tenant_id, r.id) = (s.tenant_id, s.run_id)
  WHERE (s.tenant_id, s.id) = (t.tenant_id, t.step_id) AND r.state IN ('succeeded', 'failed', 'cancelled') AND NOT control.is_run_held(r.tenant_id, r.id))`;
const ERASED = `'(erased)'`;

/** Where workers keep in clear what people typed, or what systems said of them. Rows of runs under way, and of runs that a hold is on, are left for later. */
export const EXECUTION_TEXTS: readonly ScannedTable[] = [
  {
    table: 'execution.runs', key: 't.id', columns: ['subject_label', 'error', 'pause_reason'],
    clear: { subject_label: 'NULL', error: 'NULL', pause_reason: `CASE WHEN t.pause_reason IS NOT NULL THEN ${ERASED} END` }, ready: `${ENDED} AND NOT control.is_run_held(t.tenant_id, t.id)`,
  },
  { table: 'execution.steps', key: 't.id', columns: ['error'], clear: { error: 'NULL' }, ready: RUN_ENDED },
  { table: 'execution.step_attempts', key: `t.step_id || '/' || t.fence`, columns: ['error'], clear: { error: 'NULL' }, ready: STEP_ENDED },
  { table: 'execution.tool_calls', key: 't.id', columns: ['receipt', 'error'], clear: { receipt: 'NULL', error: 'NULL' }, ready: RUN_ENDED },
  { table: 'execution.decisions', key: 't.id', columns: ['masked_input'], clear: { masked_input: 'NULL' }, ready: RUN_ENDED },
  { table: 'execution.commands', key: 't.id', columns: ['reason'], clear: { reason: ERASED }, ready: 't.handled_at IS NOT NULL AND NOT control.is_run_held(t.tenant_id, t.run_id)' },
  { table: 'execution.bulk_commands', key: 't.id', columns: ['reason'], clear: { reason: ERASED }, ready: 'NOT EXISTS (SELECT FROM execution.commands c WHERE c.tenant_id = t.tenant_id AND c.bulk_id = t.id AND c.handled_at IS NULL)' },
  {
    table: 'execution.deliveries', key: 't.id', columns: ['payload', 'subject_label'], clear: { payload: `'{}'`, subject_label: 'NULL' },
    ready: `t.state <> 'accepted' AND NOT control.is_held(t.tenant_id, t.workspace_id, NULL, t.subject, NULL)`,
  },
];
