import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { AGENT_STATES } from '@countersign/contracts/states/transitions.ts';
import type { AgentState } from '@countersign/contracts/states/transitions.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { changeState, findState } from './repository-agents.ts';
import type { MovedRow } from './repository-agents.ts';

export interface AgentMove {
  readonly at: Date;
  readonly tenantId: string;
  /** The workspace that it is asked for in; null: whichever the agent is in. */
  readonly workspaceId: string | null;
  readonly agentId: string;
  readonly to: AgentState;
  readonly actor: AuditEvent['actor'];
  /** In words of the person; null where none asked for it. */
  readonly reason: string | null;
  /** Why, where no person asked for it. */
  readonly because?: 'token_reused' | 'spool_forked' | 'spool_gap';
}

/** `refused`: `AGENT_STATES` has no way from the state it is in. */
export type Moved = { readonly kind: 'moved'; readonly pool: string } | { readonly kind: 'missing' } | { readonly kind: 'refused'; readonly state: AgentState };

const EVENT: Readonly<Record<AgentState, AuditEventType>> = { active: 'agent.resumed', draining: 'agent.draining', revoked: 'agent.revoked' };

/** Drains, resumes or revokes an agent, and says so in the audit. Whoever calls it sends the hint once it is committed: open connections end by that. */
export async function moveAgent(tx: Transaction, { at, tenantId, workspaceId, agentId, to, actor, reason, because }: AgentMove): Promise<Moved> {
  const from = AGENT_STATES.transitions.filter((pair) => pair.to === to).map((pair) => pair.from);
  const moved = await tx.maybeOne<MovedRow>(changeState, [tenantId, agentId, workspaceId, from, to, reason ?? because ?? null, actor.id]);
  if (moved === undefined) {
    const found = await tx.maybeOne<{ state: AgentState }>(findState, [tenantId, agentId, workspaceId]);
    return found === undefined ? { kind: 'missing' } : { kind: 'refused', state: found.state };
  }
  await appendAudit(tx, {
    at, type: EVENT[to], tenant_id: tenantId, workspace_id: moved.workspace_id, run_id: null, actor, subject: { kind: 'agent', id: agentId },
    data: { agent_id: agentId, pool_id: moved.pool_id, pool: moved.pool, was_state: moved.was_state, ...(reason === null ? {} : { reason_digest: digestOf(reason) }), ...(because === undefined ? {} : { because }) },
  });
  return { kind: 'moved', pool: moved.pool };
}
