/** Members of `data` of an event by their name, which means the same in every event: what everybody may see outside of the cell. */
export const PUBLIC = [
  'aaguid', 'absolute_ms', 'acr', 'action', 'action_digest', 'actions', 'after', 'agent_id', 'agent_ids', 'agent_version', 'alarm', 'amount_usd', 'amr', 'answer', 'approval_id',
  'approval_kind', 'approvals', 'approved_by', 'approved_count', 'attempt', 'attempts', 'audit_days', 'auth_method', 'auth_strength', 'backed_up', 'because', 'body_sha256',
  'break_glass_max_ms', 'break_glass_roles', 'budget', 'bundle', 'bundle_digest', 'bundle_id', 'bundle_seq', 'call_id', 'call_key', 'capped', 'catch_up', 'ceilings', 'cell',
  'certificate_serial', 'change', 'changed', 'changes', 'channel', 'channel_id', 'child_run_id', 'claims_digest', 'client_id', 'clock_offset_ms', 'code', 'command', 'command_id',
  'compromised_since', 'concurrency', 'concurrency_limit', 'connector', 'connector_version', 'content_days', 'content_id', 'cost_usd', 'count', 'counts', 'credential_id', 'decided_by',
  'decision', 'decision_id', 'delivered_seq', 'delivery_id', 'digest', 'disabled', 'draft_id', 'due_at', 'duration_ms', 'enabled', 'ends_at', 'envelope_sha256', 'environment',
  'environment_id', 'epoch', 'error_code', 'errors', 'estimate_usd', 'evidence_package_id', 'exceeded', 'expires_at', 'fence', 'fields_written', 'format', 'found_by_run_id', 'four_eyes',
  'from', 'from_cell', 'from_release_id', 'from_seq', 'generation', 'hidden_characters', 'how', 'idempotency_key', 'idle_ms', 'idp', 'input_digest', 'instance_id', 'invited_by', 'is_test',
  'is_what_was_asked_for', 'items', 'kek_from', 'kek_to', 'kid', 'kind', 'labelled_count', 'labels', 'layer', 'legal_hold_id', 'limit', 'limit_bytes', 'limit_usd', 'manifest_digest',
  'max_changed_share', 'max_extra_approval_minutes', 'max_newly_denied_runs', 'max_replay_age_s', 'max_sign_in_age_ms', 'max_value', 'member_id', 'message_digest', 'method',
  'min_decisions', 'min_strength', 'mode', 'model', 'monthly_limit_usd', 'move_id', 'name_digest', 'not_after', 'number', 'observed', 'occurred_at', 'of', 'offset_ms', 'on_item_failure',
  'operation', 'operational_days', 'order_id', 'order_kind', 'order_valid_ms', 'outcome', 'output_digest', 'overlap_s', 'overrides', 'package_digest', 'parameters_digest', 'parent_run_id',
  'parent_step_id', 'parent_step_key', 'payload_digest', 'period', 'permissions', 'place', 'platform', 'policy_bundle_seq', 'pool', 'pool_id', 'previous_state', 'previously_observed',
  'principal_id', 'protocol', 'provisioning', 'pseudonym', 'publisher_kid', 'purpose', 'purposes', 'quota', 'rate_count', 'rate_per_ms', 'reason_digest', 'reasons', 'receipt_digest',
  'received_at', 'recovery', 'redacted', 'refusal', 'region', 'release_id', 'renewal', 'replaces', 'replay_id', 'replayed_from_call_id', 'replayed_from_run_id', 'request_digest',
  'request_id', 'requested', 'requested_by', 'required_role', 'required_votes', 'reserved_usd', 'response_digest', 'retained_count', 'revision', 'risk', 'role', 'roles', 'rollout_id',
  'routed_from', 'rows', 'rules', 'run_id', 'run_limit_usd', 'runs', 'said_by_approval', 'scope', 'scopes', 'selection_digest', 'seq', 'set_again_as', 'set_by', 'sha256', 'shadows',
  'share', 'sign_in_age_ms', 'sink_id', 'size', 'size_bytes', 'skipped', 'source', 'source_id', 'spent_usd', 'spool_seq', 'stack', 'stack_digest', 'stage', 'starts_allowed',
  'starts_in_last_minute', 'state', 'status', 'step_key', 'steps', 'stopped_until', 'subject_id', 'suppressed_count', 'tables', 'target', 'target_id', 'tier', 'to', 'to_cell', 'to_seq',
  'token_id', 'token_ttl_s', 'total', 'trigger_kind', 'trigger_sha256', 'tripped', 'trusted', 'until', 'used', 'uses', 'valid', 'verdict', 'verified_by_reading_back', 'version',
  'version_after', 'version_before', 'via', 'vote_id', 'votes', 'warnings', 'was', 'was_absolute_ms', 'was_audit_days', 'was_content_days', 'was_idle_ms', 'was_max_value',
  'was_monthly_limit_usd', 'was_operational_days', 'was_run_limit_usd', 'was_state', 'webhook_credential_id', 'why', 'with_run_id', 'witness_id', 'worker', 'workflow', 'workflow_digest',
  'workflow_id', 'workflow_version', 'workspace_id',
] as const;

/** Of these only the digest, unless a sink asks for them: names of people's things and places inside of a network. */
export const SENSITIVE = [
  'allowed_hosts', 'api_url', 'audience', 'base_url', 'bot_user_id', 'conditions', 'dedupe_key', 'event', 'installation', 'issuer', 'issuer_digest', 'name', 'reason', 'slack_user', 'slug', 'subject',
  'subject_label', 'terms',
] as const;

/** Every member that an event may have: one that has no class does not compile. */
export type AuditField = (typeof PUBLIC)[number] | (typeof SENSITIVE)[number];
