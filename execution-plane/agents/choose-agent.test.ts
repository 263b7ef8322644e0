import { describe, expect, test } from 'vitest';
import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import { chooseAgent } from './choose-agent.ts';
import type { Candidate, Needed } from './choose-agent.ts';

const needed: Needed = { pool: { id: 'apl_1', name: 'onprem', orderValidMs: 60_000 }, connector: 'servicenow', instanceName: 'desk', policyScope: 'env_1' };
const agent = (agent_id: string, changes: Partial<Candidate> = {}): Candidate => ({
  agent_id, encryption_jwk: { kty: 'EC', crv: 'P-256', x: '', y: '' }, seen_ms_ago: 100, protocol: 1, draining: false, capacity: 2, spool_state: 'open', open_orders: 0,
  policy: [{ scope: 'env_1', seq: 1, digest: 'd', state: 'fresh', expires_at: null }], connections: [{ name: 'desk', connector: 'servicenow', package_digest: null }], ...changes,
});
const chosen = (agents: readonly Candidate[], changes: Partial<Needed> = {}): string => {
  const choice = chooseAgent(agents, { ...needed, ...changes });
  return 'agent' in choice ? choice.agent.agent_id : `${choice.error.code}: ${choice.error.message}`;
};

describe('the agent that is given an order', () => {
  test('has the fewest under way, unless one is asked for by name', () => {
    const agents = [agent('a', { open_orders: 1 }), agent('b')];
    expect(chosen(agents)).toBe('b');
    expect(chosen(agents, { preferred: 'a' })).toBe('a');
    expect(chosen(agents, { preferred: 'gone' })).toBe('b');
  });

  test('is not one that has as many as it takes; when all have, the step waits', () => {
    expect(chosen([agent('a', { open_orders: 2 }), agent('b', { open_orders: 1 })])).toBe('b');
    expect(chosen([agent('a', { open_orders: 2 })])).toMatch(/^instance_busy: /);
  });

  test.each<[string, Partial<Candidate>, RegExp]>([
    ['is not heard of', { seen_ms_ago: AGENT_LOST_MS }, /heard of/],
    ['is being drained', { draining: true }, /drained/],
    ['speaks another protocol', { protocol: 2 }, /protocol/],
    ['has no such connection', { connections: [{ name: 'desk', connector: 'github', package_digest: null }] }, /connection desk to servicenow/],
    ['holds no policy of the environment', { policy: [{ scope: 'env_2', seq: 1, digest: 'd', state: 'fresh', expires_at: null }] }, /policy/],
    ['holds a policy that is stale', { policy: [{ scope: 'env_1', seq: 1, digest: 'd', state: 'stale', expires_at: null }] }, /policy/],
    ['has a full spool', { spool_state: 'full' }, /spool/],
    ['has a damaged spool', { spool_state: 'damaged' }, /spool/],
  ])('is never one that %s, and people are told so', (_what, changes, says) => {
    expect(chosen([agent('a', changes), agent('b')])).toBe('b');
    expect(chosen([agent('a', changes)], { preferred: 'a' })).toMatch(/^agent_unavailable: No agent of the pool onprem /);
    expect(chosen([agent('a', changes)])).toMatch(says);
  });

  test('a pool without agents says that none is heard of', () => {
    expect(chosen([])).toMatch(/^agent_unavailable: .* heard of/);
  });
});
