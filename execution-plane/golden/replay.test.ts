import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { applied, settle } from '../engine/settle.ts';
import type { RunGraph } from '../engine/run-graph.ts';
import { engineOf } from '../engine/versions.ts';
import { isRunMove } from './history.ts';
import type { History } from './history.ts';
import { replay } from './replay.ts';
import type { Settle } from './replay.ts';

const FOLDER = path.join(import.meta.dirname, 'histories');
const histories = readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as History);

describe('a run in flight', () => {
  it.each(histories.map((history) => [history.name, history] as const))('goes on as it began: %s', (_name, history) => {
    expect(replay(history, engineOf(history.engine_version).settle)).toBeNull();
  });

  it('is recorded in at least fifty ways', () => {
    expect(histories.length).toBeGreaterThanOrEqual(50);
    expect(new Set(histories.map(({ events }) => JSON.stringify(events))).size).toBeGreaterThanOrEqual(30);
  });
});

/** Engines that decide one thing otherwise, and would alter runs in flight. */
const CHANGED: ReadonlyArray<readonly [what: string, engine: Settle]> = [
  ['skips nothing behind what is skipped', (run) => settle(without(run, 'skipped'))],
  ['does not wait for every step that is needed', (run) => settle({ ...run, steps: run.steps.map((step) => ({ ...step, needs: step.needs.length > 1 ? step.needs.slice(1) : step.needs })) })],
  ['releases nothing', (run) => ({ ...settle(run), steps: [] })],
  ['lets a run that waits run on', (run) => {
    const settled = settle(run);
    return settled.run?.to === 'waiting' ? { ...settled, run: null } : settled;
  }],
  ['forgets what is blocked when a run fails', (run) => {
    const settled = settle(run);
    return { ...settled, steps: settled.steps.filter(({ to }) => to !== 'cancelled') };
  }],
  ['ends a cancelled run with a call under way', (run) => (run.state === 'cancelling' ? settle(applied(run, run.steps.filter(({ state }) => state === 'leased').map(({ key }) => ({ key, to: 'cancelled' as const })))) : settle(run))],
];

function without(run: RunGraph, state: string): RunGraph {
  return { ...run, steps: run.steps.map((step) => ({ ...step, needs: step.needs.filter((key) => run.steps.find((other) => other.key === key)?.state !== state) })) };
}

describe('a change of the engine', () => {
  it.each(CHANGED)('that %s is caught', (_what, engine) => {
    expect(histories.some((history) => replay(history, engine) !== null)).toBe(true);
  });
});

describe('a history', () => {
  it('that lacks what followed, or has more than that, is not replayed as if it were whole', () => {
    for (const history of histories) {
      for (const [at, event] of history.events.entries()) {
        if (isRunMove(event) ? event.to === 'cancelling' : event.from !== 'blocked') continue;
        const cut = { ...history, events: history.events.toSpliced(at, 1) };
        expect(replay(cut, settle), `${history.name} without its event ${at}`).not.toBeNull();
      }
    }
  });
});
