import { expect, it } from 'vitest';
import { stageInWords, whyHalted } from './rollout-words.ts';

it('a stage is counted from one, with its share', () => {
  expect(stageInWords({ stage: 0, shares: [10, 50, 100] })).toBe('1 of 3: 10 % of the agents');
  expect(stageInWords({ stage: 2, shares: [10, 50, 100] })).toBe('3 of 3: 100 % of the agents');
});

it('why it halted is in words, and a code of a newer cell as it is', () => {
  expect(['agent_failed', 'agent_silent', 'person', 'moon', null].map((halt_code) => whyHalted({ halt_code }))).toEqual([
    'An agent did not work with it and went back:', 'An agent took it and was not heard of again:', 'Halted by', 'moon', '',
  ]);
});
