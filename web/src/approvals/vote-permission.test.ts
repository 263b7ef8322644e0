import { APPROVAL_STATES, statesOf } from '@countersign/contracts/states/transitions.ts';
import { describe, expect, it } from 'vitest';
import { mayVote } from './vote-permission.ts';

const approval = (parts: Partial<Parameters<typeof mayVote>[0]>): Parameters<typeof mayVote>[0] => ({ state: 'pending', may_vote: true, may_not_vote_because: null, action_digest: 'sha256:a', kind: 'action', ...parts });

describe('mayVote', () => {
  it('allows who may, on what was shown', () => expect(mayVote(approval({}), 'sha256:a')).toEqual({ allowed: true }));
  it('refuses on another action than the one shown', () => expect(mayVote(approval({ action_digest: 'sha256:b' }), 'sha256:a').allowed).toBe(false));
  it('says in the server’s words why not', () => {
    expect(mayVote(approval({ may_vote: false, may_not_vote_because: 'It takes the role approver.' }), 'sha256:a')).toEqual({ allowed: false, because: 'It takes the role approver.' });
  });
  it.each(statesOf(APPROVAL_STATES).filter((state) => state !== 'pending'))('refuses when %s', (state) => {
    expect(mayVote(approval({ state }), 'sha256:a').allowed).toBe(false);
    expect(mayVote(approval({ state, kind: 'outcome' }), 'sha256:a').allowed).toBe(false);
  });
});
