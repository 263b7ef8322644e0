import { STEP_STATES, statesOf, type StepState } from '@countersign/contracts/states/transitions.ts';
import { describe, expect, it } from 'vitest';
import { countItems, foldItems, urgentFirst } from './fold-items.ts';

const story = (key: string, state: StepState = 'succeeded') => ({ step: { key, state } });

describe('foldItems', () => {
  it('puts the steps of items beneath their map, items in their order', () => {
    const folded = foldItems([story('read'), story('each'), story('each[10].write', 'dead'), story('each[2].look'), story('each[10].look'), story('end', 'blocked')]);
    expect(folded.map(({ story: { step } }) => step.key)).toEqual(['read', 'each', 'end']);
    expect(folded[1]?.items.map(({ index, state, stories }) => [index, state, stories.map(({ step }) => step.key)])).toEqual([[2, 'succeeded', ['each[2].look']], [10, 'dead', ['each[10].write', 'each[10].look']]]);
    expect(folded[0]?.items).toEqual([]);
  });
  it('leaves alone the steps of items whose map is not there', () => {
    expect(foldItems([story('each[2].look'), story('end')]).map(({ story: { step } }) => step.key)).toEqual(['each[2].look', 'end']);
  });
  it.each(statesOf(STEP_STATES))('knows what an item in %s shows', (state) => {
    expect(foldItems([story('each'), { step: { key: 'each[0].one', state } }])[0]?.items[0]?.state).toBe(state);
  });
});

it('counts items and puts first what a person looks at first', () => {
  const [folded] = foldItems([story('m'), story('m[0].a'), story('m[1].a', 'dead'), story('m[2].a', 'leased'), story('m[3].a', 'skipped')]);
  expect(countItems(folded?.items ?? [])).toEqual([{ state: 'dead', count: 1 }, { state: 'leased', count: 1 }, { state: 'succeeded', count: 1 }, { state: 'skipped', count: 1 }]);
  expect(urgentFirst(folded?.items ?? []).map(({ index }) => index)).toEqual([1, 2, 0, 3]);
});
