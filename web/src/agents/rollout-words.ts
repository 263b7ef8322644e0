import type { Schemas } from '../api/client.ts';

type Rollout = Schemas['AgentRollout'];

/** `2 of 3: half of the agents` in figures. */
export function stageInWords({ stage, shares }: Pick<Rollout, 'stage' | 'shares'>): string {
  return `${stage + 1} of ${shares.length}: ${shares[stage] ?? 100} % of the agents`;
}

/** Why it is offered to nobody; a code that nobody has words for as it is. */
export function whyHalted({ halt_code }: Pick<Rollout, 'halt_code'>): string {
  const words: Readonly<Record<string, string>> = { agent_failed: 'An agent did not work with it and went back:', agent_silent: 'An agent took it and was not heard of again:', person: 'Halted by' };
  return halt_code === null ? '' : words[halt_code] ?? halt_code;
}
