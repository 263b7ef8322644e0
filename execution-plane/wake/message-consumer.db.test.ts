import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Mock } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { createQueues } from '@countersign/platform/queue/create-queues.ts';
import { SqsQueue } from '@countersign/platform/queue/sqs-queue.ts';
import type { AdversarialMessages } from '@countersign/platform/queue/testing/adversarial-messages.ts';
import { AdversarialSqs } from '@countersign/platform/queue/testing/http/adversarial-sqs.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { claimEverything, readyRuns } from '../testing/ready-runs.ts';
import { seedPlace, seedTenant } from '../testing/queries.ts';
import type { PlaceIds } from '../testing/queries.ts';
import { MessageConsumer } from './message-consumer.ts';

const MAX_RECEIVES = 5;
const ids = place();
const others = place();
let made: TestDatabase;
let sqs: AdversarialSqs;
let queue: SqsQueue;
let messages: AdversarialMessages;
let deadLetters: AdversarialMessages;
let warned: Mock;
let consumer: MessageConsumer;
let now = 0;

function place(): PlaceIds {
  return { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment'), personId: newId('principal'), instanceId: newId('connector_instance') };
}

beforeAll(async () => {
  made = await createTestDatabase();
  for (const one of [ids, others]) {
    await made.control.forTenant(one.tenantId, async (tx) => { await seedTenant(tx, one.tenantId, `t-${one.tenantId.slice(-8)}`); await seedPlace(tx, one); });
  }
});
afterAll(() => made.drop());

beforeEach(async () => {
  sqs = await AdversarialSqs.start({ now: () => now });
  const at = { endpoint: sqs.endpoint, region: null };
  queue = new SqsQueue({ ...at, queueUrl: await createQueues(at, { name: 'work', maxReceives: MAX_RECEIVES }) });
  messages = sqs.queues.get('work')!;
  deadLetters = sqs.queues.get('work-dead-letters')!;
  const log = createLogger('test', 'silent');
  warned = vi.spyOn(log, 'warn') as unknown as Mock;
  consumer = new MessageConsumer({ database: made.execution, queue, log, visibilityMs: 30_000, onError: () => undefined });
});

afterEach(async () => {
  await consumer.stop();
  queue.close();
  await sqs.stop();
});

function message(runId: string, tenantId = ids.tenantId): string {
  return JSON.stringify({ v: 1, tenant_id: tenantId, run_id: runId });
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => { setImmediate(resolve); });
}

function codes(): unknown[] {
  return warned.mock.calls.map(([fields]) => (fields as { code?: string }).code);
}

describe('a message', () => {
  it('wakes a claim and is deleted when nothing is left to claim', async () => {
    const [runId] = await readyRuns(made.execution, ids);
    await queue.send([message(runId!)]);
    let woken = 0;
    consumer.start(() => { woken += 1; void claimEverything(made.execution, ids).then(() => consumer.looked(3)); });
    consumer.looked(4);
    await until(() => messages.count().hidden + messages.count().visible === 0);
    expect(woken).toBe(1);
  });

  it('of a run that somebody works on already wakes nobody', async () => {
    const runs = await readyRuns(made.execution, ids, 3);
    await claimEverything(made.execution, ids);
    await queue.send(runs.map((runId) => message(runId)));
    const onWork = vi.fn();
    consumer.start(onWork);
    consumer.looked(4);
    await until(() => messages.count().hidden + messages.count().visible === 0);
    expect(onWork).not.toHaveBeenCalled();
  });

  it('of a run that may not go on now is deleted: whoever lets it go on tells of it', async () => {
    const [runId] = await readyRuns(made.execution, ids);
    await queue.send([message(runId!)]);
    // Looks, has room, and finds that it may not claim it.
    consumer.start(() => consumer.looked(4));
    consumer.looked(4);
    await until(() => messages.count().hidden + messages.count().visible === 0);
    await claimEverything(made.execution, ids);
  });

  it('is not received while there is no room', async () => {
    const [runId] = await readyRuns(made.execution, ids);
    await queue.send([message(runId!)]);
    consumer.start(() => undefined);
    consumer.looked(0);
    expect(sqs.calls.get('ReceiveMessage') ?? 0).toBe(0);
    await claimEverything(made.execution, ids);
  });

  it('goes back to others at once when the worker became full, and not for ever', async () => {
    const runs = await readyRuns(made.execution, ids, 4);
    await queue.send(runs.map((runId) => message(runId)));
    // Takes one of four each time that it has room for four, and is full.
    const full = (): void => consumer.looked(0);
    consumer.start(full);
    for (let receives = 1; receives <= 3; receives++) {
      consumer.looked(4);
      await until(() => (sqs.calls.get('ChangeMessageVisibilityBatch') ?? 0) === receives && messages.count().visible === 4);
    }
    consumer.looked(4);
    await until(() => messages.count().hidden + messages.count().visible === 0);
    expect(deadLetters.bodies()).toEqual([]);
    await claimEverything(made.execution, ids);
  });

  it('stays ours by heartbeat while the claim takes its time, and goes back when the worker stops', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const [runId] = await readyRuns(made.execution, ids);
      await queue.send([message(runId!)]);
      const onWork = vi.fn();
      consumer.start(onWork);
      consumer.looked(4);
      await until(() => onWork.mock.calls.length === 1);
      for (let beats = 1; beats <= 4; beats++) {
        now += 10_000;
        vi.advanceTimersByTime(10_000);
        await until(() => sqs.calls.get('ChangeMessageVisibilityBatch') === beats);
      }
      // Forty seconds later than it was received for thirty.
      expect(messages.count()).toEqual({ visible: 0, hidden: 1 });
      await consumer.stop();
      expect(messages.count()).toEqual({ visible: 1, hidden: 0 });
    } finally {
      vi.useRealTimers();
      await claimEverything(made.execution, ids);
    }
  });
});

describe('a message that is not to be trusted', () => {
  const bad: Array<[string, string, () => Promise<string>]> = [
    ['garbage', 'message_unreadable', () => Promise.resolve('hello')],
    ['of an unknown version', 'message_unreadable', () => Promise.resolve(JSON.stringify({ v: 2, tenant_id: ids.tenantId, run_id: newId('run') }))],
    ['of 256 KB', 'message_unreadable', () => Promise.resolve('x'.repeat(262_144))],
    ['with more than it should have', 'message_unreadable', async () => JSON.stringify({ v: 1, tenant_id: ids.tenantId, run_id: newId('run'), sql: 'x' })],
    ['of a run that nobody has', 'message_of_unknown_run', () => Promise.resolve(message(newId('run')))],
    ['of another tenant\'s run', 'message_of_unknown_run', async () => message((await readyRuns(made.execution, others))[0]!)],
    ['of a tenant that is not there', 'message_of_unknown_run', async () => message((await readyRuns(made.execution, others))[0]!, newId('tenant'))],
  ];

  it.each(bad)('%s wakes nobody, is told of by its code, and ends with the dead letters', async (_what, code, make) => {
    const body = await make();
    await queue.send([body]);
    const onWork = vi.fn();
    consumer.start(onWork);
    consumer.looked(4);
    for (let receives = 1; receives <= MAX_RECEIVES; receives++) {
      await until(() => codes().length === receives);
      // Its visibility is over.
      now += 30_000;
      messages.showAll();
    }
    await until(() => deadLetters.bodies().length === 1);
    expect(deadLetters.bodies()).toEqual([body]);
    expect(new Set(codes())).toEqual(new Set([code]));
    expect(JSON.stringify(warned.mock.calls)).not.toContain('hello');
    expect(onWork).not.toHaveBeenCalled();
  });

  it('does not keep the good ones beside it from working', async () => {
    const runs = await readyRuns(made.execution, ids, 4);
    await queue.send(['hello', ...runs.slice(0, 2).map((runId) => message(runId)), '{}', ...runs.slice(2).map((runId) => message(runId))]);
    consumer.start(() => void claimEverything(made.execution, ids).then(() => consumer.looked(6)));
    consumer.looked(10);
    await until(() => messages.bodies().length === 2);
    expect(messages.bodies().toSorted()).toEqual(['hello', '{}']);
  });
});
