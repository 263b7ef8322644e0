import { describe, expect, it } from 'vitest';
import { describeReference, readReference, writeReference } from './policy-reference.ts';

const OVERVIEW = {
  layers: [{ layer: 'tenant', kind: 'tenant' as const, name: 'acme', newest: null }],
  environments: [{
    environment_id: 'env_dev', environment: 'dev', ordinal: 1, enforce: null, shadow: null, blocked: [],
    gate: { environment_id: 'env_dev', environment: 'dev', enabled: false, max_replay_age_s: 60, min_decisions: 0, max_changed_share: null, max_newly_denied_runs: null, max_extra_approval_minutes: null, set_by: null, set_at: null },
  }],
};

describe('references', () => {
  it.each([
    ['draft:pdr_1', 'draft pdr_1'], ['release:prl_1', 'release prl_1'], ['promote:env_dev', 'a promotion to dev'], ['environment:env_dev', 'what is in force in dev'], ['version:tenant:3:env_dev', 'version 3 of tenant acme in dev'], ['environment:env_gone', 'what is in force in env_gone'],
  ])('%s is %s, there and back', (text, words) => {
    const reference = readReference(text);
    expect(reference).not.toBeNull();
    expect([writeReference(reference ?? {}), describeReference(reference ?? {}, OVERVIEW)]).toEqual([text, words]);
  });
  it.each(['', 'draft', 'draft:', 'version:tenant:3', 'version:tenant:0:env_dev', 'version:tenant:x:env_dev', 'other:x'])('%j is none', (text) => expect(readReference(text)).toBeNull());
});
