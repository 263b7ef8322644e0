/**
 * What rows need that cannot be read from the catalogue, as SQL by column. States are ones at rest, so that nothing of the cell works on these rows
 * while they are watched.
 */
export const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'audit.tree_tiles': { root: `decode(repeat('00', 32), 'hex')`, hashes: `decode(repeat('00', 8192), 'hex')`, level: '0' },
  // Lost already, or the cell would say so of every tenant's while they are watched.
  'control.agent_presence': {
    lost_at: 'clock_timestamp()', labels: `'{}'`, policy: `'[]'`, connections: `'[]'`, spool: `'{"epoch": "e", "seq": 0, "delivered_seq": 0, "bytes": 0, "limit_bytes": 1, "state": "open"}'`,
  },
  'control.approvals': { state: `'expired'`, shredded_at: 'clock_timestamp()' },
  'control.audit_sinks': { kind: `'s3'`, enabled: 'false' },
  'control.connector_versions': { manifest: `'{"name": "desk", "version": "1.0.0", "actions": {}}'` },
  'control.credentials': { sealed: `'\\x00'` },
  'control.custom_roles': { permissions: `'{workspaces:read,limits:read,people:read,roles:read,runs:read,audit:read}'` },
  'control.erasure_requests': { previous_state: `'running'`, state: `'completed'`, completed_at: 'clock_timestamp()' },
  'control.evidence_packages': { state: `'failed'`, error: `'{"code": "planted", "message": "planted"}'` },
  'control.federations': { conditions: `'[{"claim": "sub", "equals": "nobody"}]'` },
  'control.identity_providers': { enabled: 'false' },
  'control.legal_holds': { scope: `'run'` },
  'control.oauth_client_keys': { algorithm: `'ES256'` },
  'control.policy_drafts': { workspace_id: 'NULL', environment_id: 'NULL' },
  'control.policy_versions': { environment_id: 'NULL' },
  'control.policy_releases': { packs: `'[]'` },
  'control.policy_replays': { state: `'cancelled'`, finished_at: 'clock_timestamp()' },
  'control.price_overrides': { from_day: `'2026-01-01'` },
  'control.quotas': { set_for: `'tenant'`, name: `'active_runs'`, max_value: '1000000' },
  'control.role_assignments': { role: `'viewer'`, source: `'direct'`, principal_id: `'prn_of_nobody'` },
  'control.session_limits': { idle_ms: '28800000', absolute_ms: '86400000' },
  'control.slack_installations': { sealed: `'\\x00'` },
  // The cell forgets what was seen minutes ago; the walk may take longer.
  'control.slack_replays': { seen_at: `clock_timestamp() + interval '1 day'` },
  'control.webhook_replays': { seen_at: `clock_timestamp() + interval '1 day'` },
  'execution.decisions': { reasons: `'[]'` },
  'execution.contents': { sealed: `'\\x00'` },
  'execution.erasure_tasks': { state: `'done'`, done_at: 'clock_timestamp()' },
};

/** What the API opens to show it: sealed for the tenant, under the id of the row or a name. */
export const SEALED: ReadonlyArray<{ readonly table: string; readonly column: string; readonly purpose: 'credential' | 'identity'; readonly context: string | null; readonly text: string }> = [
  { table: 'control.slack_apps', column: 'sealed', purpose: 'credential', context: 'slack_app', text: '{"signing_secret":"planted","client_secret":"planted","app_token":null}' },
  { table: 'control.legal_holds', column: 'reason_sealed', purpose: 'identity', context: null, text: 'planted' },
];

/** Tables that the walk plants nothing in: the tenants themselves, and what the cell has put there while it started. */
export const NATURAL: readonly string[] = [
  'control.tenants', 'control.workspaces', 'control.environments', 'control.principals', 'control.wrapped_keys', 'control.signing_keys', 'control.policy_bundles',
  'audit.events', 'audit.links', 'audit.pending', 'audit.chain_heads',
];

/** Tables in which the cell itself writes of every tenant now and then, whoever asks for what. */
export const KEPT_BY_THE_CELL: readonly string[] = ['audit.pending', 'audit.checkpoints', 'audit.tree_tiles', 'audit.search', 'audit.cosignatures', 'audit.witness_positions', 'control.slack_cards', 'control.break_glass_alarms'];

/** Columns that the cell writes of every tenant in the background: how often a key has sealed, and which plane has sealed anew what older ones had. */
export const COUNTED_BY_THE_CELL: Readonly<Record<string, readonly string[]>> = { 'control.wrapped_keys': ['seals', 'control_resealed_at', 'execution_resealed_at'] };
