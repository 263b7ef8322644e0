import { DEFAULT_RETRY } from '@countersign/contracts/workflow/definition.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { itemKey, itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import { BROKEN, OPEN, withMoves } from './run-graph.ts';
import type { ItemRules, StepNode } from './run-graph.ts';
import { settleItems } from './settle-items.ts';
import type { StepError } from './step-end.ts';

/** A step of an item, as it is planned when its map begins. */
export interface PlannedItemStep extends StepNode {
  readonly index: number;
  readonly uses: string;
  readonly maxAttempts: number;
  readonly deadlineMs: number | null;
}

/** The steps of `count` items, of which as many have begun as the rules let begin. In the order of the list, then of the source. */
export function planItems(map: StepDefinition, count: number, rules: ItemRules): PlannedItemStep[] {
  const steps = map.steps ?? [];
  const planned = Array.from({ length: count }, (_, index) => steps.map((step): PlannedItemStep => ({
    key: itemKey(map.id, index, step.id), index, needs: step.needs.map((id) => itemKey(map.id, index, id)), state: 'blocked', uses: step.uses,
    maxAttempts: step.retry?.max_attempts ?? DEFAULT_RETRY.max_attempts, deadlineMs: step.deadline_ms ?? null,
  }))).flat();
  const itself: StepNode = { key: map.id, needs: [], state: 'waiting', uses: map.uses, itemRules: rules };
  return [...withMoves(planned, settleItems([itself, ...planned]))];
}

/** An item that has ended. */
export interface EndedItem {
  readonly index: number;
  readonly state: 'succeeded' | 'failed';
  /** Why it failed: the code of the step that broke, and that step's id. */
  readonly error: { readonly code: string; readonly step: string } | null;
}

export type MapEnd =
  /** Some item is still under way. */
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly error: StepError }
  | { readonly kind: 'ended'; readonly items: readonly EndedItem[] };

type ItemStep = Pick<StepNode, 'key' | 'state'> & { readonly error: { readonly code: string; readonly message: string } | null };

/** What a map comes to by the steps of its items. Where one item that failed fails the map, it fails with that item's code. */
export function endOfMap(steps: readonly ItemStep[], rules: ItemRules): MapEnd {
  if (steps.some(({ state }) => OPEN.has(state) || state === 'blocked')) return { kind: 'open' };
  const items = Map.groupBy(steps, ({ key }) => itemKeyOf(key)!.index);
  const ended = [...items].toSorted(([a], [b]) => a - b).map(([index, own]) => endedItem(index, own));
  const failed = ended.filter(({ state }) => state === 'failed');
  const first = failed.find(({ error }) => error?.code !== NEVER_BEGUN) ?? failed[0];
  if (rules.on_item_failure === 'continue' || first === undefined) return { kind: 'ended', items: ended };
  const broken = steps.find(({ key, error }) => error !== null && itemKeyOf(key)!.index === first.index);
  return { kind: 'failed', error: {
    code: first.error?.code ?? NEVER_BEGUN, message: `Item ${first.index} failed in its step ${first.error?.step ?? '?'}: ${broken?.error?.message ?? 'it was cancelled.'}`,
    data: { item: first.index, step_key: broken?.key ?? null },
  } };
}

const NEVER_BEGUN = 'run_cancelled';

function endedItem(index: number, steps: readonly ItemStep[]): EndedItem {
  const broken = steps.find(({ state }) => state === 'failed' || state === 'dead') ?? steps.find(({ state }) => BROKEN.has(state));
  return broken === undefined ? { index, state: 'succeeded', error: null }
    : { index, state: 'failed', error: { code: broken.error?.code ?? NEVER_BEGUN, step: itemKeyOf(broken.key)!.step } };
}
