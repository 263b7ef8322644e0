import { hash } from 'node:crypto';

export interface RolloutAt {
  readonly id: string;
  /** Percent of the agents that are there, rising. */
  readonly shares: readonly number[];
  readonly stage: number;
  readonly stage_began_at: Date;
  readonly stage_min_s: number;
}

export type Progress = 'offered' | 'fetching' | 'waiting' | 'probation' | 'well' | 'failed';

/** An agent of the pool that the release is for. */
export interface AgentAt {
  readonly agent_id: string;
  readonly seen_at: Date | null;
  /** Null: it is not offered the release. */
  readonly progress: Progress | null;
  readonly progress_at: Date | null;
}

export type StageDecision =
  | { readonly kind: 'halt'; readonly code: 'agent_failed' | 'agent_silent'; readonly agent_id: string }
  | { readonly kind: 'offer'; readonly agent_ids: readonly string[] }
  | { readonly kind: 'next' }
  | { readonly kind: 'done' }
  | { readonly kind: 'wait' };

/** Not heard of for this long after it was offered the release: it did not come back. A restart takes seconds, and the two minutes of its probation are over. */
const SILENT_MS = 180_000;
/** Seen within this time, an agent is there to be offered something. */
const THERE_MS = 15_000;

/**
 * What is to be done with a rollout: it halts at the first agent that failed or did not come back, offers the release to the share of this stage, and goes on
 * when all of these are well and the stage has lasted. Decides and does nothing.
 */
export function decideStage(rollout: RolloutAt, agents: readonly AgentAt[], now: Date): StageDecision {
  const failed = agents.find(({ progress }) => progress === 'failed');
  if (failed !== undefined) return { kind: 'halt', code: 'agent_failed', agent_id: failed.agent_id };
  const silent = agents.find((agent) => isSilent(agent, now));
  if (silent !== undefined) return { kind: 'halt', code: 'agent_silent', agent_id: silent.agent_id };
  const chosen = chosenOf(rollout, agents, now);
  const missing = chosen.filter(({ progress }) => progress === null).map(({ agent_id }) => agent_id);
  if (missing.length > 0) return { kind: 'offer', agent_ids: missing };
  const isOver = now.getTime() - rollout.stage_began_at.getTime() >= rollout.stage_min_s * 1000;
  if (!isOver || agents.some(({ progress }) => progress !== null && progress !== 'well')) return { kind: 'wait' };
  if (rollout.stage < rollout.shares.length - 1) return { kind: 'next' };
  return agents.some(({ progress }) => progress === 'well') ? { kind: 'done' } : { kind: 'wait' };
}

/** The share of this stage, one at least: those that have been offered it, then others in an order that is the same at every look. */
function chosenOf({ id, shares, stage }: RolloutAt, agents: readonly AgentAt[], now: Date): AgentAt[] {
  const there = agents.filter(({ seen_at, progress }) => progress !== null || (seen_at !== null && now.getTime() - seen_at.getTime() <= THERE_MS));
  const rank = ({ agent_id, progress }: AgentAt): string => `${progress === null ? 1 : 0}${hash('sha256', `${id} ${agent_id}`)}`;
  return there.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, Math.ceil(there.length * (shares[stage] ?? 100) / 100));
}

function isSilent({ progress, progress_at, seen_at }: AgentAt, now: Date): boolean {
  if (progress === null || progress_at === null || progress === 'well' || progress === 'failed') return false;
  const heard = Math.max(seen_at?.getTime() ?? 0, progress === 'offered' ? progress_at.getTime() : 0);
  return now.getTime() - heard > SILENT_MS || (progress === 'probation' && now.getTime() - progress_at.getTime() > SILENT_MS);
}
