import { expect, test } from 'vitest';
import { decideStage } from './decide-stage.ts';
import type { AgentAt, Progress, RolloutAt } from './decide-stage.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
const rollout = (changes: Partial<RolloutAt> = {}): RolloutAt => ({ id: 'aro_1', shares: [10, 50, 100], stage: 0, stage_began_at: ago(3_600), stage_min_s: 600, ...changes });
const agent = (n: number, progress: Progress | null = null, changes: Partial<AgentAt> = {}): AgentAt => ({ agent_id: `agt_${n}`, seen_at: ago(1), progress, progress_at: progress === null ? null : ago(60), ...changes });
const agents = (count: number, progress: (n: number) => Progress | null = () => null): AgentAt[] => Array.from({ length: count }, (_, n) => agent(n, progress(n)));

test('a stage offers the release to its share of the agents that are there, one at least, and to the same at every look', () => {
  const offered = decideStage(rollout(), agents(20), NOW);
  expect(offered).toMatchObject({ kind: 'offer', agent_ids: [expect.any(String), expect.any(String)] });
  expect(decideStage(rollout(), agents(20).toReversed(), NOW)).toEqual(offered);
  expect(decideStage(rollout(), agents(3), NOW)).toMatchObject({ kind: 'offer', agent_ids: [expect.any(String)] });
  expect(decideStage(rollout({ stage: 2 }), [...agents(2), agent(9, null, { seen_at: ago(16) }), agent(8, null, { seen_at: null })], NOW)).toMatchObject({ kind: 'offer', agent_ids: ['agt_0', 'agt_1'].toSorted((a, b) => (a < b ? -1 : 1)).map(() => expect.any(String) as string) });
});

test('who was offered it in a stage before counts for the share of the next', () => {
  const decided = decideStage(rollout({ stage: 1 }), agents(10, (n) => (n === 7 ? 'well' : null)), NOW);
  expect(decided.kind === 'offer' && decided.agent_ids.length).toBe(4);
  expect(decided.kind === 'offer' && decided.agent_ids).not.toContain('agt_7');
});

test('it goes on when all who were offered it are well and the stage has lasted, and is done after the last', () => {
  const well = agents(10, (n) => (n === 0 ? 'well' : null));
  expect(decideStage(rollout(), well, NOW)).toEqual({ kind: 'next' });
  expect(decideStage(rollout({ stage_began_at: ago(599) }), well, NOW)).toEqual({ kind: 'wait' });
  expect(decideStage(rollout(), agents(10, (n) => (n === 0 ? 'waiting' : null)), NOW)).toEqual({ kind: 'wait' });
  expect(decideStage(rollout({ stage: 2 }), agents(3, () => 'well'), NOW)).toEqual({ kind: 'done' });
  // A pool in which nobody is there has not been given anything.
  expect(decideStage(rollout({ stage: 2 }), [], NOW)).toEqual({ kind: 'wait' });
});

test('it halts at the first agent that failed, or that did not come back', () => {
  expect(decideStage(rollout(), [agent(1, 'well'), agent(2, 'failed')], NOW)).toEqual({ kind: 'halt', code: 'agent_failed', agent_id: 'agt_2' });
  expect(decideStage(rollout(), [agent(1, 'probation', { seen_at: ago(181) })], NOW)).toEqual({ kind: 'halt', code: 'agent_silent', agent_id: 'agt_1' });
  expect(decideStage(rollout(), [agent(1, 'probation', { progress_at: ago(181) })], NOW)).toEqual({ kind: 'halt', code: 'agent_silent', agent_id: 'agt_1' });
  expect(decideStage(rollout(), [agent(1, 'offered', { seen_at: ago(900), progress_at: ago(10) })], NOW)).toEqual({ kind: 'wait' });
  // What waits for its work to end, and says so, is there.
  expect(decideStage(rollout(), [agent(1, 'waiting', { progress_at: ago(9_000) })], NOW)).toEqual({ kind: 'wait' });
  expect(decideStage(rollout(), [agent(1, 'well', { seen_at: ago(9_000) })], NOW)).toEqual({ kind: 'next' });
});
