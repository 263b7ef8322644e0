import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { pause, within } from './waits.ts';

const LONG_MS = 3_600_000;

it('a pause ends when its time is over, and holds on to nothing afterwards', async () => {
  const { signal } = new AbortController();
  for (let n = 0; n < 3; n += 1) await pause(1, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('a pause ends with its signal, also with one that was aborted before', async () => {
  const ending = new AbortController();
  const pausing = pause(LONG_MS, ending.signal);
  ending.abort();
  await pausing;
  await pause(LONG_MS, ending.signal);
});

it('what takes longer is not waited for, and what fails is told', async () => {
  await within(LONG_MS, Promise.resolve());
  await within(1, new Promise(() => undefined));
  await expect(within(LONG_MS, Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
});
