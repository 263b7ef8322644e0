import { AGENT_LOST_MS, SUPPORTED_PROTOCOLS } from '@countersign/contracts/agent/protocol.ts';
import type { EncryptionJwk, PolicyHeld, PollRequest } from '@countersign/contracts/agent/protocol.ts';
import type { CallError, PoolView } from '@countersign/connectors/gateway/ports.ts';

/** An agent that is neither draining nor revoked, as it said at its last poll that it was. */
export interface Candidate {
  readonly agent_id: string;
  readonly encryption_jwk: EncryptionJwk;
  readonly seen_ms_ago: number;
  readonly protocol: number;
  readonly draining: boolean;
  readonly capacity: number;
  readonly spool_state: PollRequest['spool']['state'];
  readonly policy: readonly PolicyHeld[];
  readonly connections: PollRequest['connections'];
  /** Orders that it was given and has not ended. */
  readonly open_orders: number;
}

/** What an agent has to have. */
export interface Needed {
  readonly pool: PoolView;
  readonly connector: string;
  readonly instanceName: string;
  readonly policyScope: string;
  /** Who knows most of it: asked where it can be, however busy it is. */
  readonly preferred?: string | null;
}

export type Choice = { readonly agent: Candidate } | { readonly error: CallError };

const RETRY_MS = 2_000;

/** Each says what it takes away, so that people are told of the last thing that was missing. */
const CONDITIONS: ReadonlyArray<readonly [is: (agent: Candidate, needed: Needed) => boolean, lacking: (needed: Needed) => string]> = [
  [({ seen_ms_ago }) => seen_ms_ago < AGENT_LOST_MS, () => `has been heard of in the last ${AGENT_LOST_MS / 1_000} s. Look at the agents (countersign agents list), and on their machines: countersign-agent doctor`],
  [({ draining }) => !draining, () => 'takes orders: those that are there are being drained'],
  [({ protocol }) => SUPPORTED_PROTOCOLS.includes(protocol), () => 'speaks a protocol that this cell speaks. Install a newer agent'],
  [({ connections }, needed) => connections.some(({ name, connector }) => name === needed.instanceName && connector === needed.connector), ({ instanceName, connector }) => `has a connection ${instanceName} to ${connector} in its configuration. Add it there`],
  [({ policy }, { policyScope }) => policy.some(({ scope, state }) => scope === policyScope && state === 'fresh'), () => 'holds a policy that it may decide by now'],
  [({ spool_state }) => spool_state === 'open', () => 'has room in its spool, so none of them takes orders'],
];

/** The agent with the fewest orders under way among those of the pool that can carry out the call; or why there is none now. */
export function chooseAgent(candidates: readonly Candidate[], needed: Needed): Choice {
  let able = candidates;
  for (const [is, lacking] of CONDITIONS) {
    const left = able.filter((agent) => is(agent, needed));
    if (left.length === 0) return { error: { code: 'agent_unavailable', retryable: true, retryAfterMs: RETRY_MS, message: `No agent of the pool ${needed.pool.name} ${lacking(needed)}.` } };
    able = left;
  }
  const preferred = able.find(({ agent_id }) => agent_id === needed.preferred);
  if (preferred !== undefined) return { agent: preferred };
  const [freest] = able.filter(({ open_orders, capacity }) => open_orders < capacity).toSorted((a, b) => a.open_orders - b.open_orders);
  if (freest !== undefined) return { agent: freest };
  return { error: { code: 'instance_busy', retryable: true, retryAfterMs: 500, message: `All agents of the pool ${needed.pool.name} have as many orders as they take at a time; this one is tried again.` } };
}
