import type { AuditField } from './data-fields.ts';

/**
 * One audit event. Its canonical JSON (RFC 8785) is what is stored, hashed and exported; it holds ids, digests and metadata,
 * never ticket text, prompts, outputs or secrets (invariant 9).
 */
export interface AuditEvent {
  readonly id: string;
  readonly type: AuditEventType;
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  readonly tenant_id: string;
  readonly workspace_id: string;
  readonly actor: { readonly kind: 'person' | 'service' | 'worker' | 'system' | 'agent'; readonly id: string };
  readonly subject: { readonly kind: string; readonly id: string };
  readonly run_id: string | null;
  readonly data: AuditData;
}

/** Metadata of an event. Each member has its class in `data-fields.ts`: who may see it outside of the cell. */
export type AuditData = Readonly<Partial<Record<AuditField, AuditValue>>>;

export type AuditValue = string | number | boolean | null | readonly AuditValue[] | { readonly [key: string]: AuditValue };

export const AUDIT_EVENT_TYPES = [
  'delivery.accepted', 'delivery.refused', 'delivery.dropped',
  'run.created', 'run.state_changed', 'step.state_changed', 'step.items_planned',
  'decision.made', 'approval.requested', 'approval.vote_cast', 'approval.vote_refused', 'approval.state_changed',
  'call.intended', 'call.outcome', 'call.replayed', 'content.stored',
  'budget.warning', 'budget.refused', 'budget.changed', 'prices.changed',
  'workflow.published', 'workflow.activated', 'connector.published', 'instance.created', 'instance.changed', 'instance.circuit_changed', 'credential.stored',
  'connector.publisher_trusted', 'connector.publisher_revoked', 'instance.package_approved',
  'policy.bundle_signed', 'policy.draft_created', 'policy.version_published', 'policy.released', 'policy.release_blocked', 'policy.release_withdrawn',
  'policy.gate_changed', 'policy.gate_overridden', 'key.rotated', 'key.retired',
  'session.started', 'session.ended', 'session.refused', 'api_key.created',
  'policy.replay_requested', 'policy.replay_cancelled', 'decisions.exported', 'kill_switch.set', 'kill_switch.released',
  'slack.app_configured', 'slack.app_removed', 'slack.installed', 'slack.uninstalled', 'slack.channel_set', 'slack.channel_removed',
  'slack.user_linked', 'slack.user_unlinked', 'slack.request_refused', 'slack.click_refused',
  'model.trained', 'model.changed', 'evidence.built', 'evidence.downloaded', 'step.redriven', 'run.cancel_requested', 'run.redrive_requested',
  'run.admitted', 'run.not_started', 'schedule.paused', 'schedule.resumed', 'schedule.missed',
  'run.pause_requested', 'run.resume_requested', 'run.paused', 'run.resumed', 'bulk_command.requested', 'kill_switch.stage_began', 'kill_switch.recovered',
  'tenant.created', 'tenant.changed', 'workspace.created', 'workspace.changed', 'environment.created', 'quota.changed', 'rate_limit.changed', 'limit.exceeded',
  'identity_provider.changed', 'identity.linked', 'identity.unlinked', 'passkey.registered', 'passkey.removed', 'invitation.created', 'invitation.accepted', 'invitation.revoked',
  'principal.created', 'principal.changed', 'principal.disabled', 'principal.enabled', 'group.changed', 'session.revoked', 'session.limits_changed',
  'api_key.rotated', 'api_key.revoked', 'api_key.changed', 'oauth_client.changed', 'access_token.issued', 'access_token.revoked', 'federation.changed', 'federation.refused',
  'role.granted', 'role.revoked', 'custom_role.changed', 'access.denied', 'authorization.changed',
  'change_request.created', 'change_request.approved', 'change_request.rejected', 'change_request.withdrawn', 'change_request.expired', 'change_request.executed',
  'break_glass.activated', 'break_glass.ended', 'break_glass.reviewed',
  'key.revoked', 'data_key.created', 'data_key.rotated', 'data_key.shredded', 'kek.rewrapped', 'credential.rotated', 'credential.removed', 'tenant.shredded',
  'audit.exported', 'audit.sink_changed', 'audit.sink_failed', 'audit.sink_recovered', 'audit.witness_changed', 'audit.witness_refused', 'audit.retention_ended',
  'evidence.package_requested', 'evidence.package_built', 'evidence.package_downloaded',
  'retention.changed', 'erasure.requested', 'erasure.completed', 'erasure.blocked', 'legal_hold.set', 'legal_hold.released', 'tenant.moved_out', 'tenant.moved_in', 'tenant.deletion_requested', 'tenant.deletion_confirmed', 'tenant.deletion_cancelled', 'tenant.deleted',
  'agent.enrolment_token_created', 'agent.enrolment_token_revoked', 'agent.token_reused', 'agent.enrolled', 'agent.renewed', 'agent.draining', 'agent.resumed', 'agent.revoked', 'agent.seen', 'agent.lost',
  'agent.order_issued', 'agent.order_accepted', 'agent.order_refused', 'agent.call_decided', 'agent.outcome_delivered', 'agent.events_found', 'agent.spool_full', 'agent.spool_forked', 'agent.policy_changed', 'agent.policy_refused', 'agent.clock_changed', 'agent.started', 'agent.stopped',
  'agent_pool.changed', 'agent_rollout.started', 'agent_rollout.halted', 'agent_rollout.resumed', 'agent_rollout.finished', 'agent.upgraded',
] as const;

export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

/**
 * A sealed link of a chain. `hash` = SHA-256 of the canonical JSON of exactly these three members, hex. Because a link holds only the digest
 * of its event, one run's evidence can show the whole chain without showing other runs' events.
 */
export interface ChainLink {
  readonly seq: number;
  /** `hash` of the link before; 64 zeros for the first. */
  readonly prev_hash: string;
  /** SHA-256 of the canonical event's bytes, hex. */
  readonly body_sha256: string;
}

export const FIRST_PREV_HASH = '0'.repeat(64);

/** `<tenant_id>/<workspace_id>`. */
export function chainOf(tenantId: string, workspaceId: string): string {
  return `${tenantId}/${workspaceId}`;
}

/** A signed head. `signature` is Ed25519 over the canonical JSON of this object. */
export interface CheckpointBody {
  readonly format: 'countersign.dev/checkpoint/v1';
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
  /** SHA-256, hex, of the canonical body of the checkpoint before; null for the first. */
  readonly previous_checkpoint_sha256: string | null;
  readonly signed_at: string;
}
