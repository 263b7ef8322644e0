/**
 * Columns that no erasure searches, because they cannot hold what people typed or what systems said of them: by reason, as `schema.table.column`
 * or `schema.table` for all of a table. What a rule of `isImpersonal` covers is not repeated.
 */
const COLUMNS: ReadonlyArray<readonly [reason: string, columns: string]> = [
  ['of the account itself: shutting a person out clears or removes it, whatever it says', `
    control.sign_in_attempts control.slack_links.slack_user control.slack_link_requests.slack_user control.access_tokens.scopes
    control.passkeys.transports control.passkeys.aaguid`],
  ['names of permissions, roles, scopes, operations, tools, states or places of ours', `
    control.api_keys.scopes control.approval_votes.acr control.approval_votes.amr control.approval_votes.auth_method control.approval_votes.auth_strength control.approval_votes.role
    control.approvals.action control.approvals.min_strength control.approvals.required_role control.approvals.tier control.approvals.step_key control.authorization_settings control.audit_sinks.types
    control.break_glass_grants.role control.change_requests.operation control.custom_roles.permissions control.erasure_findings.place control.idempotent_requests.route control.invitations.roles
    control.kill_switches.released_in control.oauth_clients.scopes control.policy_bundles.scope control.role_assignments.source control.connector_versions.connector
    control.policy_replay_changes.action control.policy_replay_changes.from_outcome control.policy_replay_changes.to_outcome control.policy_replay_changes.from_tier control.policy_replay_changes.to_tier
    control.policy_replay_changes.to_rule control.tenant_directory.cell control.tenant_directory.moved_to control.tenant_moves.from_cell control.tenant_moves.to_cell control.tenants.time_zone
    control.wrapped_keys.purpose execution.commands.result execution.commands.step_key execution.contents.kind execution.decisions.action execution.decisions.path execution.decisions.routed_from
    execution.deliveries.connector execution.deliveries.event execution.deliveries.dropped_because execution.erasure_findings.place execution.policy_floor.scope execution.runs.trigger_kind
    execution.step_attempts.result execution.steps.key execution.steps.needs execution.steps.uses execution.steps.item_rules execution.tool_calls.action execution.tool_calls.risk
    execution.instance_health.last_failure_code execution.instance_health.previous_circuit execution.figures.decisions execution.runs.trigger_part_labels execution.contents.labels
    execution.steps.input_part_labels execution.steps.output_labels execution.steps.output_part_labels execution.decisions.erased execution.decisions.adjusted execution.decisions.obligations
    execution.decisions.shadows execution.runs.pins control.agent_alarms.code control.agent_entries.kind control.agents.platform execution.agent_calls.action execution.agent_calls.outcome
    execution.agent_calls.rules execution.work_orders.refusal control.agent_rollouts.halt_code control.agent_rollouts.platform control.agent_rollout_agents.code`],
  ['ids: of records in their systems, of our calls, of agents, of Slack, of traces', `
    control.agent_enrolment_tokens.used_by_agent execution.agent_calls.call_key execution.work_orders.call_key execution.agent_watches.cursor
    control.approvals.subject execution.deliveries.subject execution.deliveries.dedupe_key execution.deliveries.traceparent execution.runs.subject execution.runs.traceparent execution.runs.trigger_key
    execution.loop_guards.subject execution.written_versions.dedupe_key execution.decisions.call_key execution.tool_calls.call_key execution.tool_calls.idempotency_key execution.steps.lease_owner
    execution.step_attempts.worker execution.figures.worker control.slack_pace.installation control.slack_installations.installation control.slack_cards.message_ts control.change_requests.summary
    control.legal_holds.target control.erasure_requests.pseudonym control.erasure_requests.blocked_by execution.reconciler_cursors.cursor control.groups.external_id execution.bulk_commands.selection`],
  ['digests, keys made of digests, and what is computed', `
    execution.runs.concurrency_key execution.runs.rate_key control.policy_releases.diff_key control.policy_releases.parts_key control.policy_replays.bundle_key control.slack_links.home_shown
    control.slack_cards.shown control.agent_entries.hash control.agent_spools.hash control.agent_spools.epoch execution.agent_calls.epoch execution.agent_cursors.epoch control.agents.certificate_serial
    control.agents.previous_serial`],
  ['codes and sentences of ours', 'control.erasure_requests.error control.evidence_packages.error control.policy_replays.error control.slack_cards.error control.break_glass_alarms.error'],
  ['figures, versions, ids and rules of the gate', `
    control.erasure_requests.counts control.kill_switches.recovery control.policy_releases.gate control.policy_releases.packs control.policy_releases.layer control.policy_versions.layer
    control.policy_bundles.revision control.policy_replays.against control.policy_replays.counts control.policy_replays.report control.policy_replays.revision control.price_overrides
    execution.budget_accounts.period execution.cost_lines execution.models.metrics execution.decisions.bundle_revision execution.tool_calls.connector_version execution.tool_calls.model
    execution.retention_progress control.agent_presence.agent_version control.agents.agent_version control.agent_rollouts.agent_version control.agent_rollouts.shares control.agent_presence.policy control.agent_presence.spool execution.agent_calls.bundle`],
  ['public keys, keys that are wrapped, and where objects lie', `
    control.agents.encryption_jwk control.agent_rollouts.signature control.connector_publishers.kid control.connector_publishers.public_jwk control.oauth_client_keys control.signing_keys control.wrapped_keys control.evidence_packages.kid control.evidence_packages.object_key
    control.policy_bundles.kid control.policy_bundles.object_key control.policy_versions.object_key execution.evidence.kid execution.evidence.object_key execution.models.object_key`],
  ['secrets of systems and of apps, which nobody types a person into', `
    control.credentials control.audit_sinks.secret_sealed control.slack_apps control.slack_installations.sealed execution.refreshed_tokens`],
  ['the erasure\'s own, gone when it is done', 'control.erasure_requests.person_sealed execution.erasure_tasks.terms_sealed'],
];

const NAMED: ReadonlySet<string> = new Set(COLUMNS.flatMap(([, columns]) => columns.trim().split(/\s+/)));
/** `external_id` is what a directory calls a person: it is none of ours. */
const ID_OR_DIGEST = /^(id|digest|sha256|.*_(id|digest|sha256|by))$/;

/** Whether a column says nothing of anybody: named above, or an id, a digest, or who did it. */
export function isImpersonal(table: string, column: string): boolean {
  return NAMED.has(table) || NAMED.has(`${table}.${column}`) || (column !== 'external_id' && ID_OR_DIGEST.test(column));
}

export function impersonalColumns(): readonly string[] {
  return [...NAMED];
}
