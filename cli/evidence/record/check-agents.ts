import { AGENTS_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { readCanonical } from '../read.ts';
import type { Findings } from '../verification.ts';
import type { ToolCallRecord } from './records.ts';
import { contradiction, eventsOf, isShown, requireEvent } from './shown-record.ts';
import type { ShownRecord } from './shown-record.ts';

interface OrderRecord {
  readonly id: string;
  readonly agent_id: string;
  readonly kind: string;
  readonly call_id: string | null;
}

interface AgentDecisionRecord {
  readonly agent_id: string;
  readonly epoch: string;
  readonly spool_seq: number;
  readonly order_id: string;
  readonly action_digest: string;
  readonly outcome: string;
}

/**
 * Where agents carried out calls: that each was ordered of that agent, and that the agent's own policy allowed exactly the action which was carried out,
 * by what it wrote down before it sent anything.
 */
export function checkAgents(record: ShownRecord): Findings {
  if (!isShown(record, AGENTS_FILE)) return { proofs: [], not_proven: [`What agents were ordered to do: ${AGENTS_FILE} was left out.`] };
  // No agent took part; where one did, that the file is missing is found by the events that tell of its orders.
  if (!record.files.has(AGENTS_FILE)) return { proofs: [], not_proven: [] };
  const { orders, decisions } = readCanonical<{ orders: OrderRecord[]; decisions: AgentDecisionRecord[] }>(record.files, AGENTS_FILE);
  for (const { id, agent_id, kind, call_id } of orders) requireEvent(record, 'agent.order_issued', id, { agent_id, order_kind: kind, call_id }, AGENTS_FILE);
  for (const decision of decisions) requireToldBy(record, decision);
  if (!isShown(record, 'tool-calls.json')) return { proofs: [], not_proven: [] };
  const carriedOut = orders.filter(({ kind }) => kind === 'execute');
  const calls = readCanonical<{ tool_calls: ToolCallRecord[] }>(record.files, 'tool-calls.json').tool_calls
    .filter(({ id, risk, state }) => risk !== 'read' && state === 'succeeded' && carriedOut.some(({ call_id }) => call_id === id));
  const unheard = calls.filter((call) => !isAllowedThere(record, call, carriedOut, decisions));
  const heard = calls.length - unheard.length;
  return {
    proofs: heard === 0 ? [] : [{ check: 'agents', proves: `${heard} write(s) were carried out by agents, each allowed a second time, for exactly that action, by the policy that the agent held itself.` }],
    not_proven: unheard.map(({ id }) => `That the agent's own policy allowed call ${id}: the agent never told.`),
  };
}

/** An agent tells with its own name, and numbers what it tells. */
function requireToldBy(record: ShownRecord, decision: AgentDecisionRecord): void {
  const told = eventsOf(record, 'agent.call_decided').some((event) => isOf(event, decision));
  if (!told && !record.eventsWithheld) contradiction(record, AGENTS_FILE, `no agent.call_decided event has entry ${decision.spool_seq} of agent ${decision.agent_id} as it stands there`);
}

function isOf({ actor, data }: AuditEvent, { agent_id, epoch, spool_seq, order_id, action_digest, outcome }: AgentDecisionRecord): boolean {
  return actor.id === agent_id && data['epoch'] === epoch && data['spool_seq'] === spool_seq && data['order_id'] === order_id && data['action_digest'] === action_digest && data['outcome'] === outcome;
}

/** False where nothing was heard of it. What an agent says it denied, or allowed for another action, it cannot have carried out. */
function isAllowedThere(record: ShownRecord, call: ToolCallRecord, orders: readonly OrderRecord[], decisions: readonly AgentDecisionRecord[]): boolean {
  const own = new Map(orders.filter(({ call_id }) => call_id === call.id).map(({ id, agent_id }) => [id, agent_id]));
  const said = decisions.filter(({ order_id, agent_id }) => own.get(order_id) === agent_id);
  if (said.some(({ outcome, action_digest }) => outcome === 'ALLOW' && action_digest === call.action_digest)) return true;
  const [denied] = said.filter(({ action_digest }) => action_digest === call.action_digest);
  if (denied !== undefined) contradiction(record, AGENTS_FILE, `agent ${denied.agent_id} decided ${denied.outcome} on call ${call.id}, which succeeded`);
  return false;
}
