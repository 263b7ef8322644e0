import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import { giveUpBlocked, release } from './release.ts';
import { isStepOfItem, isStoppable, OPEN, withMoves } from './run-graph.ts';
import type { Move, StepNode } from './run-graph.ts';

/**
 * What becomes of the items of all maps: which go on, which begin, and which map has none left. Items of which every step has succeeded, or
 * was skipped, may be missing: they decide nothing.
 */
export function settleItems(steps: readonly StepNode[]): Move[] {
  const items = itemsByMap(steps);
  const own = steps.filter((step) => !isStepOfItem(step));
  const planned = own.filter((step) => step.itemRules != null || items.has(step.key));
  const orphans = [...items].filter(([key]) => !own.some((step) => step.key === key));
  return [...planned.flatMap((map) => settleMap(map, items.get(map.key) ?? [])), ...orphans.flatMap(([, of]) => settleMap(undefined, of))];
}

type Item = readonly StepNode[];

function settleMap(map: StepNode | undefined, items: readonly Item[]): Move[] {
  // Redriven together with what it needs: it waits for that first.
  if (map?.state === 'blocked') return [];
  if (map === undefined || !OPEN.has(map.state)) return stop(items.flat(), 'its map has ended');
  const moves = [...goOn(items.filter(hasBegun)), ...begin(map, items)];
  const settled = withMoves(items.flat(), moves);
  if (map.state !== 'waiting' || settled.some((step) => OPEN.has(step.state) || step.state === 'blocked')) return moves;
  return [...moves, { key: map.key, from: 'waiting', to: 'ready', why: 'every item has ended' }];
}

/** An item of which nothing is open any more ends, whatever its other steps waited for. */
function goOn(items: readonly Item[]): Move[] {
  return items.flatMap((item) => {
    const moves = release(item);
    const released = withMoves(item, moves);
    return released.some(isOpen) ? moves : [...moves, ...giveUpBlocked(released)];
  });
}

/** As many as may be under way at once, in the order of the list; none any more where one that failed fails the map. */
function begin({ itemRules }: StepNode, items: readonly Item[]): Move[] {
  const untouched = items.filter((item) => !hasBegun(item));
  if (itemRules?.on_item_failure === 'fail' && items.some(hasFailed)) return stop(untouched.flat(), 'another item failed');
  const room = Math.max((itemRules?.concurrency ?? 1) - items.filter(isUnderWay).length, 0);
  return untouched.slice(0, room).flatMap(release);
}

function stop(steps: readonly StepNode[], why: string): Move[] {
  return steps.filter(isStoppable).map((step) => ({ key: step.key, from: step.state, to: 'cancelled', why }));
}

function isOpen(step: StepNode): boolean {
  return OPEN.has(step.state);
}

function hasBegun(item: Item): boolean {
  return item.some((step) => step.state !== 'blocked');
}

function hasFailed(item: Item): boolean {
  return item.some((step) => step.state === 'failed' || step.state === 'dead');
}

/** Begun, and not at its end once its blocked steps were looked at. */
function isUnderWay(item: Item): boolean {
  return hasBegun(item) && withMoves(item, release(item)).some(isOpen);
}

function itemsByMap(steps: readonly StepNode[]): Map<string, Item[]> {
  const maps = new Map<string, StepNode[][]>();
  for (const step of steps) {
    const key = itemKeyOf(step.key);
    if (key === null) continue;
    const items = maps.get(key.map) ?? [];
    maps.set(key.map, items);
    (items[key.index] ??= []).push(step);
  }
  return maps;
}
