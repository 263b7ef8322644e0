import type { AuditData, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import type { EntryBodies, EntryKind } from '@countersign/contracts/agent/spool-entry.ts';
import type { NewAuditEvent } from '../audit/events.ts';

/** An entry whose body is open. */
export interface OpenEntry<Kind extends EntryKind = EntryKind> {
  readonly seq: number;
  readonly kind: Kind;
  readonly occurred_at: string;
  readonly clock_offset_ms: number;
  readonly received_at: string;
  readonly body: EntryBodies[Kind];
}

/** Whose entries they are. */
export interface EntrySource {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly agentId: string;
  readonly poolId: string;
  readonly pool: string;
  readonly epoch: string;
}

type Describe<Kind extends EntryKind> = (body: EntryBodies[Kind]) => AuditData;

/** What the audit says of each kind of entry: ids, digests and codes, and nothing of what an outcome or an event holds. */
const DESCRIBED: { readonly [Kind in EntryKind]: readonly [AuditEventType, Describe<Kind>] } = {
  'agent.started': ['agent.started', ({ version }) => ({ agent_version: version })],
  'agent.stopped': ['agent.stopped', ({ reason }) => ({ why: short(reason) })],
  'order.accepted': ['agent.order_accepted', ({ order_id, kind }) => ({ order_id, order_kind: kind })],
  'order.refused': ['agent.order_refused', ({ order_id, kid, refusal, envelope_sha256 }) => ({ order_id, kid: kid === null ? null : short(kid), refusal, envelope_sha256 })],
  'call': ['agent.call_decided', ({ order_id, call_key, action, action_digest, outcome, bundle, rules }) => ({
    order_id, call_key, action, action_digest, outcome, bundle_digest: bundle?.digest ?? null, bundle_seq: bundle?.seq ?? null, rules,
  })],
  'outcome': ['agent.outcome_delivered', ({ order_id, state, error, exchanges, duration_ms }) => ({
    order_id, state, error_code: error === null ? null : short(error.code), request_digest: exchanges.request_digest, response_digest: exchanges.response_digest, duration_ms: Math.round(duration_ms),
  })],
  'trigger.found': ['agent.events_found', ({ order_id, instance_id, payloads }) => ({ order_id, instance_id, count: payloads.length })],
  'policy.changed': ['agent.policy_changed', ({ scope, seq, digest }) => ({ scope, bundle_seq: seq, bundle_digest: digest })],
  'policy.refused': ['agent.policy_refused', ({ scope, code, seq }) => ({ scope, code: short(code), bundle_seq: seq })],
  'clock.changed': ['agent.clock_changed', ({ offset_ms, trusted }) => ({ offset_ms: Math.round(offset_ms), trusted })],
  'spool.full': ['agent.spool_full', ({ bytes, limit_bytes }) => ({ size_bytes: bytes, limit_bytes })],
};

/**
 * The event of an entry: by whom and where it happened, and when, by whose clock; `at` of the event is when the cell made it true.
 *
 * @param isReadable whether its body is what its kind says; else only that there was one is told
 */
export function entryEvent({ tenantId, workspaceId, agentId, poolId, pool, epoch }: EntrySource, entry: OpenEntry, runId: string | null, isReadable: boolean): NewAuditEvent {
  const [type, describe] = DESCRIBED[entry.kind] as readonly [AuditEventType, (body: OpenEntry['body']) => AuditData];
  return {
    type, tenant_id: tenantId, workspace_id: workspaceId, run_id: runId, actor: { kind: 'agent', id: agentId }, subject: { kind: 'agent', id: agentId },
    data: {
      pool_id: poolId, pool, epoch, spool_seq: entry.seq, occurred_at: entry.occurred_at, received_at: entry.received_at, clock_offset_ms: entry.clock_offset_ms,
      ...(isReadable ? describe(entry.body) : { code: 'entry_unreadable' }),
    },
  };
}

/** Words of an agent's, which nothing bounds. */
function short(text: string): string {
  return text.slice(0, 200);
}
