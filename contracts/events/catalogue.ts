import type { AuditEvent, AuditEventType, AuditValue } from './audit-event.ts';

/** Who may see a field outside of the cell: everybody; only its digest, unless a sink asks for it; nobody. */
export type FieldClass = 'public' | 'sensitive' | 'secret';

type Kind = AuditEventType extends infer Type extends string ? (Type extends `${infer Before}.${string}` ? Before : never) : never;

/** Classes of OCSF 1.x (schema.ocsf.io) in which a kind of event belongs. */
export const OCSF = { detection_finding: 2004, account_change: 3001, authentication: 3002, entity_management: 3004, user_access_management: 3005, group_management: 3006, api_activity: 6003 } as const;
type OcsfClass = keyof typeof OCSF;

/** Every kind of event has its class: one that is missing here does not compile. */
export const OCSF_CLASS: Readonly<Record<Kind, OcsfClass>> = {
  access: 'api_activity', access_token: 'authentication', api_key: 'account_change', approval: 'api_activity', audit: 'entity_management', authorization: 'entity_management',
  break_glass: 'detection_finding', budget: 'entity_management', bulk_command: 'api_activity', call: 'api_activity', change_request: 'api_activity', connector: 'entity_management',
  content: 'api_activity', credential: 'entity_management', custom_role: 'entity_management', data_key: 'entity_management', decision: 'api_activity', decisions: 'api_activity',
  delivery: 'api_activity', environment: 'entity_management', erasure: 'api_activity', evidence: 'api_activity', federation: 'entity_management', group: 'group_management',
  identity: 'account_change', identity_provider: 'entity_management', instance: 'entity_management', invitation: 'account_change', kek: 'entity_management', key: 'entity_management',
  kill_switch: 'detection_finding', legal_hold: 'entity_management', limit: 'detection_finding', model: 'entity_management', oauth_client: 'account_change', passkey: 'account_change',
  policy: 'entity_management', prices: 'entity_management', principal: 'account_change', quota: 'entity_management', rate_limit: 'entity_management', retention: 'entity_management',
  role: 'user_access_management', run: 'api_activity', schedule: 'entity_management', session: 'authentication', slack: 'entity_management', step: 'api_activity', tenant: 'entity_management',
  workflow: 'entity_management', workspace: 'entity_management',
};

/** What most others do not have: how grave an event is by itself (OCSF severity_id: 3 medium, 4 high, 5 critical). Everything else is informational, 1. */
export const SEVERITY: Readonly<Partial<Record<AuditEventType, 3 | 4 | 5>>> = {
  'session.refused': 3, 'access.denied': 3, 'limit.exceeded': 3, 'federation.refused': 3, 'slack.request_refused': 3, 'slack.click_refused': 3, 'approval.vote_refused': 3, 'delivery.refused': 3,
  'break_glass.activated': 4, 'break_glass.ended': 3, 'kill_switch.set': 4, 'key.revoked': 4, 'audit.sink_failed': 4, 'audit.witness_refused': 5, 'tenant.shredded': 4, 'tenant.deleted': 4, 'policy.gate_overridden': 4,
};

/** Members of `data` by their name: a name means the same in every event. What is not here is secret. */
const PUBLIC = [
  'aaguid', 'acr', 'action', 'action_digest', 'actions', 'after', 'amr', 'answer', 'approval_id', 'approvals', 'attempt', 'attempts', 'auth_strength', 'backed_up', 'because', 'body_sha256', 'break_glass_max_ms',
  'break_glass_roles', 'bundle_digest', 'bundle_seq', 'call_id', 'call_key', 'catch_up', 'change', 'channel', 'claims_digest', 'code', 'command_id', 'compromised_since', 'connector', 'connector_version',
  'content_id', 'count', 'counts', 'credential_id', 'decided_by', 'decision', 'decision_id', 'digest', 'disabled', 'draft_id', 'duration_ms', 'enabled', 'ends_at', 'environment', 'environment_id', 'error_code',
  'evidence_package_id', 'expires_at', 'fence', 'format', 'found_by_run_id', 'four_eyes', 'from', 'from_cell', 'from_seq', 'generation', 'how', 'idempotency_key', 'idp', 'input_digest', 'items', 'kek_from', 'kek_to', 'kid', 'kind',
  'labels', 'limit', 'manifest_digest', 'max_changed_share', 'max_extra_approval_minutes', 'max_newly_denied_runs', 'max_replay_age_s', 'max_sign_in_age_ms', 'max_value', 'member_id', 'message_digest', 'method',
  'min_decisions', 'min_strength', 'model', 'name_digest', 'of', 'operation', 'outcome', 'overlap_s', 'overrides', 'package_digest', 'parent_run_id', 'parent_step_id', 'parent_step_key', 'payload_digest',
  'permissions', 'place', 'policy_bundle_seq', 'previous_state', 'principal_id', 'provisioning', 'pseudonym', 'purpose', 'reason_digest', 'reasons', 'receipt_digest', 'release_id', 'renewal', 'replaces', 'request_digest',
  'request_id', 'required_role', 'required_votes', 'response_digest', 'revision', 'role', 'run_id', 'runs', 'said_by_approval', 'scopes', 'selection_digest', 'seq', 'set_by', 'sha256', 'shadows', 'sink_id', 'size', 'size_bytes',
  'skipped', 'source', 'source_id', 'state', 'step_key', 'steps', 'subject_id', 'suppressed_count', 'target', 'target_id', 'to', 'to_cell', 'to_seq', 'token_ttl_s', 'total', 'trigger_kind', 'trigger_sha256', 'until', 'valid',
  'version', 'via', 'votes', 'was_audit_days', 'was_content_days', 'was_monthly_limit_usd', 'was_operational_days', 'was_run_limit_usd', 'audit_days', 'content_days', 'operational_days', 'monthly_limit_usd', 'run_limit_usd',
  'amount_usd', 'approval_kind', 'approved_count', 'auth_method', 'changes', 'child_run_id', 'command', 'cost_usd', 'instance_id', 'invited_by', 'layer', 'move_id', 'output_digest', 'purposes', 'risk', 'roles', 'rows', 'scope',
  'tables', 'tier', 'uses', 'verdict', 'worker', 'webhook_credential_id', 'why', 'witness_id', 'workflow', 'workflow_digest', 'workflow_id', 'workflow_version', 'workspace_id',
] as const;
/** Names of people's things and places inside of a network. */
const SENSITIVE = ['allowed_hosts', 'audience', 'base_url', 'bot_user_id', 'conditions', 'event', 'installation', 'issuer', 'issuer_digest', 'name', 'reason', 'slack_user', 'slug', 'subject', 'subject_label', 'terms'] as const;

const CLASSES: ReadonlyMap<string, FieldClass> = new Map([...PUBLIC.map((name) => [name, 'public'] as const), ...SENSITIVE.map((name) => [name, 'sensitive'] as const)]);

export function classOf(field: string): FieldClass {
  return CLASSES.get(field) ?? 'secret';
}

/** `data` as it may leave the cell: secret members are left out, sensitive ones are their digest unless `showsSensitive`. */
export function redactedData(data: AuditEvent['data'], digestOf: (value: AuditValue) => string, showsSensitive: boolean): Record<string, AuditValue> {
  return Object.fromEntries(Object.entries(data).flatMap(([name, value]) => {
    const fieldClass = classOf(name);
    if (fieldClass === 'secret') return [];
    return [[name, fieldClass === 'public' || showsSensitive ? value : digestOf(value)]];
  }));
}
