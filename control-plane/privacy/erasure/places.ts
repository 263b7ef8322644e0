import type { ScannedTable } from '@countersign/platform/postgres/text-scan.ts';

const ERASED = `'(erased)'`;
const erasedIfAny = (column: string): string => `CASE WHEN t.${column} IS NOT NULL THEN ${ERASED} END`;
/** It has no run that could be held. */
const UNHELD = 'true';

/** Where the control plane keeps what people typed, in clear. What it keeps sealed is in `repository-sealed.ts`; the workers see to their own. */
export const CONTROL_TEXTS: readonly ScannedTable[] = [
  { table: 'control.approval_votes', key: 't.id', columns: ['reason'], clear: { reason: 'NULL' }, ready: 'NOT EXISTS (SELECT FROM control.approvals a WHERE (a.tenant_id, a.id) = (t.tenant_id, t.approval_id) AND control.is_run_held(a.tenant_id, a.run_id))' },
  { table: 'control.kill_switches', key: 't.id', columns: ['reason', 'release_reason'], clear: { reason: ERASED, release_reason: erasedIfAny('release_reason') }, ready: UNHELD },
  {
    table: 'control.policy_releases', key: 't.id', columns: ['reason', 'override_reason', 'withdraw_reason'],
    clear: { reason: ERASED, override_reason: erasedIfAny('override_reason'), withdraw_reason: erasedIfAny('withdraw_reason') }, ready: UNHELD,
  },
  { table: 'control.policy_versions', key: `t.layer || '/' || t.version`, columns: ['message'], clear: { message: ERASED }, ready: UNHELD },
  { table: 'control.policy_replays', key: 't.id', columns: ['reason'], clear: { reason: erasedIfAny('reason') }, ready: UNHELD },
  { table: 'control.schedules', key: 't.id', columns: ['pause_reason'], clear: { pause_reason: erasedIfAny('pause_reason') }, ready: UNHELD },
  { table: 'control.agents', key: 't.id', columns: ['state_reason'], clear: { state_reason: erasedIfAny('state_reason') }, ready: UNHELD },
  { table: 'control.saved_views', key: 't.id', columns: ['name', 'filters'], clear: 'delete', ready: UNHELD },
  { table: 'control.idempotent_requests', key: `t.principal_id || '/' || t.key`, columns: ['key', 'response_body'], clear: 'delete', ready: UNHELD },
  { table: 'control.slack_link_requests', key: 't.nonce_sha256', columns: ['slack_name'], clear: 'delete', ready: UNHELD },
  { table: 'control.slack_links', key: `t.installation || '/' || t.slack_user`, columns: ['slack_name'], clear: 'delete', ready: UNHELD },
  { table: 'control.api_keys', key: 't.id', columns: ['name'], clear: { name: ERASED }, ready: UNHELD },
  { table: 'control.oauth_clients', key: 't.id', columns: ['name'], clear: { name: ERASED }, ready: UNHELD },
  { table: 'control.passkeys', key: 't.id', columns: ['name'], clear: { name: ERASED }, ready: UNHELD },
  // Its name is its own within the tenant.
  { table: 'control.groups', key: 't.id', columns: ['name'], clear: { name: `'(erased ' || t.id || ')'` }, ready: UNHELD },
  { table: 'control.change_requests', key: 't.id', columns: ['result'], clear: { result: 'NULL' }, ready: UNHELD },
  { table: 'control.invitations', key: 't.id', columns: ['email', 'display_name'], clear: 'delete', ready: UNHELD },
];

const CONFIGURATION = 'names and definitions that administrators give: they are in use, and whoever put a person into one changes it there';

/**
 * Said in the evidence of every erasure: what was not looked through, and why. By table, column, or what else it is; a test asks the database
 * whether something is neither here nor searched.
 */
export const NOT_SEARCHED: Readonly<Record<string, string>> = {
  'audit.*': 'append-only: ids, digests and figures, and with them the reasons typed for kill switches and pauses and the names given to keys and connections; the id of the person stays provable there, and is nobody\'s without the row that named them',
  'objects other than evidence': 'policy, checkpoints and copies of the audit for a SIEM, which hold what the audit holds, and weights of classifiers, which are sealed figures; evidence is searched, and what its store retains is among the findings as `retained`',
  'systems of record': 'the tickets themselves are in the customer\'s systems, which have erasures of their own',
  ...Object.fromEntries(['control.principals', 'control.sessions', 'control.external_identities'].map((place) => [place, 'only the account that was named is cleared; others are other people\'s'])),
  'control.policy_drafts': 'sources of policies: rules are not changed in silence; their authors look through them',
  'control.policy_versions.packs': 'as drafts of policies, and signed',
  'execution.decisions.reasons': 'why a rule decided, in the words of the policy; the record of a decision does not change',
  ...Object.fromEntries(['control.agent_entries.sealed', 'execution.work_orders.outcome_sealed', 'execution.work_orders.envelope'].map((place) => [place, 'what agents are given and what they delivered, on its way: it ends an hour after the run has it, and the run\'s own copy is searched'])),
  'control.legal_holds.reason_sealed': 'what a case is about belongs to the case',
  ...Object.fromEntries([
    'control.agent_pools.name', 'control.agent_presence.labels', 'control.agent_presence.connections', 'control.audit_sinks.name', 'control.audit_sinks.endpoint', 'control.connector_instances', 'control.connector_publishers.name', 'control.connector_versions', 'control.credentials.name',
    'control.custom_roles.name', 'control.federations', 'control.identity_providers', 'control.slack_installations.name', 'control.tenants.name', 'control.tenant_directory.slug', 'control.witnesses',
    'control.workflow_versions', 'control.workflows.name', 'control.workspaces', 'execution.runs.definition', 'execution.runs.workflow_name', 'execution.figures.workflow_name', 'execution.decisions.workflow',
    'control.policy_replay_changes.workflow',
  ].map((place) => [place, CONFIGURATION])),
};
