import { expect, it } from 'vitest';
import { watchSleep } from './sleep-watch.ts';

it('a machine that slept is told from one that was only busy: the wall went on, its own time did not', async () => {
  const [wall, running] = [{ ms: 1_000_000 }, { ms: 0 }];
  const woke = Promise.withResolvers<number>();
  const slept: number[] = [];
  const looked: Array<() => void> = [];
  const watch = watchSleep((ms) => {
    slept.push(ms);
    woke.resolve(ms);
  }, () => {
    looked.shift()?.();
    return wall.ms;
  }, () => running.ms, 2);
  const look = (): Promise<void> => new Promise((resolve) => looked.push(resolve));
  await look();
  wall.ms += 60_000;
  running.ms += 60_000;
  await look();
  await look();
  expect(slept).toEqual([]);
  wall.ms += 3_600_000;
  running.ms += 5_000;
  expect(await woke.promise).toBe(3_595_000);
  await look();
  expect(slept).toHaveLength(1);
  watch.stop();
});
