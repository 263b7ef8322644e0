import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Decision = components['schemas']['Vote']['decision'];
export type Answer = Extract<Decision, 'happened' | 'did_not_happen'>;

const WORDS: Record<Decision, string> = { approve: 'voted to approve', reject: 'voted to reject', happened: 'answered that it happened', did_not_happen: 'answered that it did not happen' };

/** `voted to approve`, `answered that it happened`: what a person did, after their name. */
export function voteInWords(decision: Decision): string {
  return WORDS[decision];
}

/** What an answer to an outcome means, before it is given. */
export const ANSWERS: Record<Answer, { button: string; title: string; explanation: string; confirm: string }> = {
  happened: { button: 'It happened', title: 'It happened', explanation: 'The call counts as succeeded, with you as its witness, and the run goes on. Nothing is sent again.', confirm: 'It happened' },
  did_not_happen: { button: 'It did not happen', title: 'It did not happen', explanation: 'The call counts as failed and the step is tried again: the same is sent once more. If it did happen after all, it happens twice.', confirm: 'It did not happen' },
};
