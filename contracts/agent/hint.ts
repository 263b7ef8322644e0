import { idPattern } from '../ids/prefixes.ts';

/** PostgreSQL channel on which both planes say, after their commit, that there is something new about an agent. The payload is one `AgentHint` as JSON. */
export const AGENTS_CHANNEL = 'countersign_agents';

/**
 * `order`: one waits to be offered. `entries`: the agent has delivered. `state`: it was drained, resumed or revoked. A hint: whoever missed it finds out
 * by looking.
 */
export const AGENT_HINTS = ['order', 'entries', 'state'] as const;

export interface AgentHint {
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly about: (typeof AGENT_HINTS)[number];
  readonly order_id: string | null;
}

const TENANT = new RegExp(idPattern('tenant'));
const AGENT = new RegExp(idPattern('agent'));

/** Reads a payload of the channel; null for anything else. */
export function agentHintOf(payload: string): AgentHint | null {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { tenant_id, agent_id, about, order_id = null } = value as Record<string, unknown>;
  const known = AGENT_HINTS.find((one) => one === about);
  if (known === undefined || !isId(tenant_id, TENANT) || !isId(agent_id, AGENT)) return null;
  return order_id === null || typeof order_id === 'string' ? { tenant_id, agent_id, about: known, order_id } : null;
}

function isId(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}
