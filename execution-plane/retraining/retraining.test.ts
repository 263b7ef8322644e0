import { describe, expect, it } from 'vitest';
import { needsTraining } from './retraining.ts';
import type { TrainingCandidate } from './queries.ts';

const never: TrainingCandidate = {
  tenant_id: 'ten', workspace_id: 'wsp', environment_id: 'env', environment: 'prod', connector: 'desk', instance_id: 'ins', instance_name: 'desk', workflow_id: 'wfl',
  trained_at: null, consumed_count: 0, asked_count: null, is_open: false, is_asked: false, is_recent: null,
};
const trained: TrainingCandidate = { ...never, trained_at: new Date(0), asked_count: 10, is_recent: false };

describe('needsTraining', () => {
  it.each<[string, TrainingCandidate, boolean]>([
    ['an instance without a model', never, true],
    ['while it is asked for', { ...never, is_asked: true }, false],
    ['while it runs', { ...never, is_open: true }, false],
    ['right after it failed', { ...never, asked_count: 0, is_recent: true }, false],
    ['a while after it failed', { ...never, asked_count: 0, is_recent: false }, true],
    ['after 24 further decisions', { ...trained, consumed_count: 34 }, false],
    ['after 25 further decisions', { ...trained, consumed_count: 35 }, true],
  ])('%s', (_, candidate, expected) => {
    expect(needsTraining(candidate)).toBe(expected);
  });
});
