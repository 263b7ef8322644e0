import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { serialise } from './serialise.ts';
import { makeTickets } from './testing/synthetic-tickets.ts';
import { train } from './train.ts';
import { trainInWorker } from './train-in-worker.ts';

const options = { labels: ['assignment_group', 'category'], seed: 1 };

describe('training in a thread', () => {
  it('gives the model that train gives, and reports progress', async () => {
    const tickets = makeTickets({ count: 300, seed: 1 });
    const phases = new Set<string>();
    const model = await trainInWorker(tickets, { ...options, onProgress: ({ phase }) => phases.add(phase) });
    expect(Buffer.from(serialise(model)).equals(Buffer.from(serialise(await train(tickets, options))))).toBe(true);
    expect([...phases]).toEqual(['features', 'neighbours', 'label']);
  });

  it('leaves the caller its event loop', async () => {
    const tickets = makeTickets({ count: 2_000, seed: 1 });
    const before = performance.eventLoopUtilization();
    await trainInWorker(tickets, options);
    // A share, not a time: a training on this thread would use it whole, however busy the machine is.
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
  });

  it('passes on the refusal with its code and field', async () => {
    await expect(trainInWorker([], options)).rejects.toMatchObject({ code: 'classifier_no_tickets', field: 'tickets' });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new DOMException('enough', 'AbortError'));
    await expect(trainInWorker(makeTickets({ count: 2_000, seed: 1 }), { ...options, onProgress, signal: controller.signal })).rejects.toThrow('enough');
  });
});
