import type { SealedColumn } from '@countersign/platform/keys/repository-reseal.ts';

/** Everything sealed that the control plane may write. A test asks the catalogue whether one is missing. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'control.credentials', column: 'sealed', purpose: 'credential' },
  { table: 'control.credentials', column: 'previous_sealed', purpose: 'credential' },
  { table: 'control.slack_apps', column: 'sealed', purpose: 'credential', key: 'tenant_id', context: `'slack_app'` },
  { table: 'control.slack_installations', column: 'sealed', purpose: 'credential', key: 'installation', context: `'slack_installation/' || installation` },
  { table: 'control.approvals', column: 'action_sealed', purpose: 'approval' },
  { table: 'control.approvals', column: 'preview_sealed', purpose: 'approval' },
  { table: 'control.identity_providers', column: 'client_secret_sealed', purpose: 'identity' },
  { table: 'control.change_requests', column: 'payload_sealed', purpose: 'identity' },
  { table: 'control.break_glass_grants', column: 'reason_sealed', purpose: 'identity' },
  { table: 'control.break_glass_grants', column: 'review_reason_sealed', purpose: 'identity' },
  { table: 'control.audit_sinks', column: 'secret_sealed', purpose: 'identity' },
  { table: 'control.legal_holds', column: 'reason_sealed', purpose: 'identity' },
  { table: 'control.erasure_requests', column: 'person_sealed', purpose: 'identity' },
  { table: 'control.agent_entries', column: 'sealed', purpose: 'content', key: `agent_id || '/' || epoch || '/' || seq` },
];

/** What workers seal and seal anew; looked at here before keys are destroyed. */
export const SEALED_IN_EXECUTION: readonly SealedColumn[] = [
  { table: 'execution.contents', column: 'sealed', purpose: 'content' },
  { table: 'execution.decisions', column: 'input_sealed', purpose: 'content' },
  { table: 'execution.work_orders', column: 'outcome_sealed', purpose: 'content' },
];

/** Gone within minutes, so nothing is done about them. */
export const SHORT_LIVED = ['control.sign_in_attempts.sealed'];
