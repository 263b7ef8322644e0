import type { StepState } from '@countersign/contracts/states/transitions.ts';
import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';

/** What is done with one item of a map. */
export interface ItemStories<Story> {
  index: number;
  state: StepState;
  stories: Story[];
}

/** A step of the workflow, and beneath a map its items. */
export interface Folded<Story> {
  story: Story;
  items: Array<ItemStories<Story>>;
}

/** Which state an item shows for its steps: the one that a person would look at first. */
const TELLING: readonly StepState[] = ['dead', 'failed', 'uncertain', 'retrying', 'waiting', 'leased', 'ready', 'blocked', 'cancelled', 'succeeded', 'skipped'];

/** Steps of items beneath the map that they belong to, items in their order; where the map itself is not among them they stand alone. A map of 1,000 items is one line until it is opened. */
export function foldItems<Story extends { step: { key: string; state: StepState } }>(stories: readonly Story[]): Array<Folded<Story>> {
  const maps = new Map<string, Map<number, Story[]>>();
  const keys = new Set(stories.map(({ step }) => step.key));
  const plain = stories.filter((story) => {
    const key = itemKeyOf(story.step.key);
    if (key === null || !keys.has(key.map)) return true;
    const items = maps.get(key.map) ?? new Map<number, Story[]>();
    items.set(key.index, [...(items.get(key.index) ?? []), story]);
    maps.set(key.map, items);
    return false;
  });
  return plain.map((story) => ({ story, items: [...(maps.get(story.step.key) ?? [])].sort(([one], [other]) => one - other).map(([index, own]) => ({ index, state: tellingState(own), stories: own })) }));
}

/** `12 succeeded, 1 dead`: how many items show which state, the ones to look at first. */
export function countItems(items: ReadonlyArray<{ state: StepState }>): Array<{ state: StepState; count: number }> {
  return TELLING.map((state) => ({ state, count: items.filter((item) => item.state === state).length })).filter(({ count }) => count > 0);
}

/** The items that a person looks at first, first; otherwise as they are. */
export function urgentFirst<Story>(items: ReadonlyArray<ItemStories<Story>>): Array<ItemStories<Story>> {
  const place = ({ state }: ItemStories<Story>): number => Math.min(TELLING.indexOf(state), TELLING.indexOf('blocked'));
  return [...items].sort((one, other) => place(one) - place(other) || one.index - other.index);
}

function tellingState(stories: ReadonlyArray<{ step: { state: StepState } }>): StepState {
  const states = new Set(stories.map(({ step: { state } }) => state));
  return TELLING.find((state) => states.has(state)) ?? 'blocked';
}
