import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { RateLimits } from './rate-limits.ts';

/** Longer than any test: no window ends by itself within one. */
const PER_S = 3_600;

/** What every way of counting must do. `expire` ends the windows of all keys, as time would. */
export function describeRateLimits(limits: () => { readonly limits: RateLimits; readonly another: RateLimits; readonly expire: () => Promise<void> }): void {
  const fresh = (): string => `tests/${randomUUID()}`;

  test('lets through as many as there are points, counts them down, and says when there are new ones', async () => {
    const key = fresh();
    const rate = { points: 3, per_s: PER_S };
    const taken = [];
    for (let index = 0; index < 5; index += 1) taken.push(await limits().limits.take(key, rate));
    expect(taken.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([[true, 2], [true, 1], [true, 0], [false, 0], [false, 0]]);
    for (const { reset_s } of taken) expect(reset_s).toSatisfy((value: number) => Number.isInteger(value) && value > PER_S - 60 && value <= PER_S);
  });

  test('of many at once exactly as many as there are points', async () => {
    const key = fresh();
    const all = await Promise.all(Array.from({ length: 40 }, (_none, index) => (index % 2 === 0 ? limits().limits : limits().another).take(key, { points: 10, per_s: PER_S })));
    expect(all.filter(({ allowed }) => allowed)).toHaveLength(10);
  });

  test('counts keys apart', async () => {
    const [one, other] = [fresh(), fresh()];
    const rate = { points: 1, per_s: PER_S };
    expect((await limits().limits.take(one, rate)).allowed).toBe(true);
    expect((await limits().limits.take(one, rate)).allowed).toBe(false);
    expect((await limits().limits.take(other, rate)).allowed).toBe(true);
  });

  test('nothing at all where there are no points', async () => {
    expect(await limits().limits.take(fresh(), { points: 0, per_s: PER_S })).toMatchObject({ allowed: false, remaining: 0 });
  });

  test('a raised limit holds at once, and counts what was taken', async () => {
    const key = fresh();
    for (const allowed of [true, false]) expect((await limits().limits.take(key, { points: 1, per_s: PER_S })).allowed).toBe(allowed);
    expect((await limits().limits.take(key, { points: 10, per_s: PER_S })).allowed).toBe(true);
  });

  test('everything anew when the window is over', async () => {
    const key = fresh();
    const rate = { points: 2, per_s: PER_S };
    await limits().limits.take(key, rate);
    await limits().expire();
    expect(await limits().another.take(key, rate)).toMatchObject({ allowed: true, remaining: 1 });
  });
}
