import { describe, expect, it } from 'vitest';
import { OrderQueue } from './order-queue.ts';

/** Work that ends when it is told to, and says when it began. */
function work(begun: string[], name: string): { readonly run: () => Promise<void>; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { run: () => (begun.push(name), promise), end: resolve };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('orders under way', () => {
  it('are carried out one after another where they are of one step, whatever comes of them, and beside each other else', async () => {
    const begun: string[] = [];
    const ended: Array<readonly string[]> = [];
    const queue = new OrderQueue(8, () => ended.push(queue.ids()));
    const [a, b, c] = [work(begun, 'a'), work(begun, 'b'), work(begun, 'c')];
    queue.add('a', 's1', a.run);
    queue.add('b', 's1', b.run);
    queue.add('c', 's2', c.run);
    await turn();
    expect([begun, queue.ids()]).toEqual([['a', 'c'], ['a', 'b', 'c']]);
    a.end();
    await turn();
    expect(begun).toEqual(['a', 'c', 'b']);
    b.end();
    c.end();
    await queue.idle();
    expect(ended).toEqual([['b', 'c'], ['c'], []]);
  });

  it('are as many at a time as the agent takes', async () => {
    const begun: string[] = [];
    const queue = new OrderQueue(2, () => undefined);
    const all = ['a', 'b', 'c', 'd'].map((name) => ({ name, ...work(begun, name) }));
    for (const { name, run } of all) queue.add(name, name, run);
    for (const [at, { end }] of all.entries()) {
      await turn();
      expect(begun).toHaveLength(Math.min(at + 2, 4));
      end();
    }
    await queue.idle();
    expect(queue.ids()).toEqual([]);
  });
});
