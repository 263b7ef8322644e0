import { describe, expect, it } from 'vitest';
import type { StepState } from '@countersign/contracts/states/transitions.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { endOfMap, planItems } from './items.ts';
import type { ItemRules } from './run-graph.ts';

const retry = { max_attempts: 7, backoff: 'fixed', initial_ms: 10, max_ms: 10 } as const;
const step = (id: string, needs: string[] = [], changes: Partial<StepDefinition> = {}): StepDefinition => ({ id, uses: 'a/b', instance: null, with: {}, if: null, needs, retry, timeout_ms: 1_000, ...changes });
const MAP = step('all', [], { uses: 'map', steps: [step('read'), step('write', ['read'], { deadline_ms: 5_000 })] });
const FAIL: ItemRules = { concurrency: 2, on_item_failure: 'fail' };
const CONTINUE: ItemRules = { concurrency: 2, on_item_failure: 'continue' };

describe('planItems', () => {
  it('makes the steps of each item, of which as many begin as may be under way', () => {
    expect(planItems(MAP, 3, FAIL).map(({ key, needs, state }) => [key, needs, state])).toEqual([
      ['all[0].read', [], 'ready'], ['all[0].write', ['all[0].read'], 'blocked'],
      ['all[1].read', [], 'ready'], ['all[1].write', ['all[1].read'], 'blocked'],
      ['all[2].read', [], 'blocked'], ['all[2].write', ['all[2].read'], 'blocked'],
    ]);
    expect(planItems(MAP, 1, FAIL)[1]).toMatchObject({ index: 0, uses: 'a/b', maxAttempts: 7, deadlineMs: 5_000 });
  });
});

describe('endOfMap', () => {
  const ERROR = { code: 'peer_forbidden', message: 'The peer said no.' };
  const items = (...states: StepState[][]) => states.flatMap((own, index) => own.map((state, n) => ({ key: `all[${index}].${n === 0 ? 'read' : 'write'}`, state, error: state === 'failed' || state === 'dead' ? ERROR : null })));

  it('waits for every item, also for those that have not begun', () => {
    expect(endOfMap(items(['succeeded'], ['uncertain']), FAIL)).toEqual({ kind: 'open' });
    expect(endOfMap(items(['dead'], ['blocked']), FAIL)).toEqual({ kind: 'open' });
  });

  it('counts a skipped item as one that succeeded', () => {
    expect(endOfMap(items(['succeeded', 'skipped'], ['skipped', 'skipped']), FAIL)).toEqual({ kind: 'ended', items: [{ index: 0, state: 'succeeded', error: null }, { index: 1, state: 'succeeded', error: null }] });
  });

  it('fails with the code of the item that failed, not of those that were stopped for it', () => {
    expect(endOfMap(items(['cancelled', 'cancelled'], ['succeeded', 'dead'], ['cancelled', 'cancelled']), FAIL)).toEqual({ kind: 'failed', error: {
      code: 'peer_forbidden', message: 'Item 1 failed in its step write: The peer said no.', data: { item: 1, step_key: 'all[1].write' } } });
  });

  it('goes on where items may fail, and says of each why', () => {
    expect(endOfMap(items(['succeeded', 'succeeded'], ['failed', 'cancelled']), CONTINUE)).toEqual({ kind: 'ended', items: [
      { index: 0, state: 'succeeded', error: null }, { index: 1, state: 'failed', error: { code: 'peer_forbidden', step: 'read' } }] });
  });

  it('keeps the order of the list beyond ten items', () => {
    const many = items(...Array.from({ length: 12 }, () => ['succeeded'] as StepState[])).toReversed();
    expect(endOfMap(many, FAIL)).toMatchObject({ kind: 'ended', items: Array.from({ length: 12 }, (_, index) => ({ index })) });
  });
});
