import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createQueues } from './create-queues.ts';
import { SqsQueue } from './sqs-queue.ts';
import type { ReceivedMessage } from './sqs-queue.ts';

/** A server that speaks SQS on a real socket. */
export interface SqsServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const MAX_RECEIVES = 2;

/** What we need of every implementation of SQS, and what our adapter makes of it. */
export function queueConformance(name: string, start: () => Promise<SqsServer>): void {
  describe(`${name}: a queue`, () => {
    let server: SqsServer;
    let queue: SqsQueue;
    let deadLetters: SqsQueue;
    let made = 0;

    beforeAll(async () => { server = await start(); }, 300_000);
    afterAll(() => server.stop());
    afterEach(() => { for (const one of [queue, deadLetters]) one.close(); });

    async function fresh(): Promise<SqsQueue> {
      const address = { endpoint: server.endpoint, region: null };
      const queueUrl = await createQueues(address, { name: `conformance-${made += 1}`, maxReceives: MAX_RECEIVES });
      deadLetters = new SqsQueue({ ...address, queueUrl: `${queueUrl}-dead-letters` });
      queue = new SqsQueue({ ...address, queueUrl });
      return queue;
    }

    /** Receives until `count` different bodies were seen, and deletes them. */
    async function drain(from: SqsQueue, count: number): Promise<Set<string>> {
      const seen = new Set<string>();
      while (seen.size < count) {
        const messages = await from.receive({ most: 10, waitMs: 2_000, visibilityMs: 30_000 });
        for (const message of messages) seen.add(message.body);
        await from.remove(messages);
      }
      return seen;
    }

    async function receiveOne(visibilityMs: number): Promise<ReceivedMessage> {
      for (;;) {
        const [message] = await queue.receive({ most: 1, waitMs: 5_000, visibilityMs });
        if (message !== undefined) return message;
      }
    }

    it('gives everything that was sent, in batches of ten', async () => {
      const sent = Array.from({ length: 25 }, (_, i) => JSON.stringify({ i, text: 'é' }));
      const from = await fresh();
      expect(await from.send(sent)).toEqual([]);
      expect(await drain(from, 25)).toEqual(new Set(sent));
    });

    it('wakes who waits for a message, and gives nothing when waiting is over or given up', async () => {
      const from = await fresh();
      expect(await from.receive({ most: 10, waitMs: 0, visibilityMs: 30_000 })).toEqual([]);
      const waiting = from.receive({ most: 10, waitMs: 20_000, visibilityMs: 30_000 });
      await from.send(['now']);
      expect((await waiting).map((message) => message.body)).toContain('now');
      const givenUp = new AbortController();
      const nothing = from.receive({ most: 10, waitMs: 20_000, visibilityMs: 30_000, signal: givenUp.signal });
      givenUp.abort();
      expect(await nothing).toEqual([]);
    });

    it('gives a message again when it is given back, and counts how often', async () => {
      const from = await fresh();
      await from.send(['again']);
      const first = await receiveOne(30_000);
      expect(first.receives).toBeGreaterThanOrEqual(1);
      await from.extend([first], 0);
      const second = await receiveOne(30_000);
      expect(second).toMatchObject({ body: 'again' });
      await from.remove([second]);
    });

    it('keeps a message from others for as long as it is extended', async () => {
      const from = await fresh();
      await from.send(['mine']);
      const mine = await receiveOne(1_000);
      await from.extend([mine], 60_000);
      expect((await from.depth()).in_flight).toBeGreaterThanOrEqual(1);
      await from.extend([mine], 0);
      expect(await receiveOne(30_000)).toMatchObject({ body: 'mine' });
    });

    it('buries what is received too often, where operators see it', async () => {
      const from = await fresh();
      await from.assertUsable();
      expect(await from.depth()).toMatchObject({ waiting: 0, dead_letters: 0 });
      await from.send(['poison']);
      for (let receipts = 0; receipts < MAX_RECEIVES; receipts++) {
        const [message] = await from.receive({ most: 1, waitMs: 2_000, visibilityMs: 30_000 });
        if (message !== undefined) await from.extend([message], 0);
      }
      // Some bury when the message would be received the next time, some by themselves.
      while ((await from.depth()).dead_letters === 0) await from.receive({ most: 1, waitMs: 0, visibilityMs: 30_000 });
      expect(await drain(deadLetters, 1)).toEqual(new Set(['poison']));
    });

    it('says of a queue that is not there that it is missing, and of a server that is not there that it is out of reach', async () => {
      await fresh();
      const address = { endpoint: server.endpoint, region: null };
      const missing = new SqsQueue({ ...address, queueUrl: `${server.endpoint}/000000000000/nobody-made-it` });
      await expect(missing.send(['x'])).rejects.toMatchObject({ code: 'queue_missing' });
      const nowhere = new SqsQueue({ ...address, endpoint: 'http://127.0.0.1:1', queueUrl: 'http://127.0.0.1:1/0/q' });
      await expect(nowhere.send(['x'])).rejects.toMatchObject({ code: 'queue_unreachable' });
      await expect(deadLetters.assertUsable()).rejects.toMatchObject({ code: 'queue_refused' });
      for (const one of [missing, nowhere]) one.close();
    });
  });
}
