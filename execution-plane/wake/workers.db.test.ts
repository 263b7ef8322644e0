import { afterEach, describe, expect, it } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { createQueues } from '@countersign/platform/queue/create-queues.ts';
import type { SqsAddress } from '@countersign/platform/queue/sqs-client.ts';
import { ADVERSARIAL } from '@countersign/platform/queue/testing/adversarial-messages.ts';
import { AdversarialSqs } from '@countersign/platform/queue/testing/http/adversarial-sqs.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import type { RunSnapshot } from '../testing/queries.ts';

const STEPS = 5;
const NEVER_MS = 3_600_000;

const chain: WorkflowDefinition = {
  ...TRIAGE, name: 'reads',
  steps: Array.from({ length: STEPS }, (_, i) => step({ id: `read_${i}`, uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' }, needs: i === 0 ? [] : [`read_${i - 1}`] })),
};

let plant: Plant;
let sqs: AdversarialSqs;
afterEach(async () => {
  await plant.close();
  await sqs.stop();
});

async function queueOn(server: AdversarialSqs): Promise<SqsAddress> {
  const at = { endpoint: server.endpoint, region: null };
  return { ...at, queueUrl: await createQueues(at, { name: 'work', maxReceives: 5 }) };
}

async function allRuns(count: number, state: string): Promise<RunSnapshot[]> {
  return plant.until(async () => {
    const runs = await plant.runs();
    return runs.filter((run) => run.state === state).length === count ? runs : null;
  });
}

describe('workers with a queue', () => {
  it('cost it at most a fifth of a call per step, all of them together', async () => {
    [plant, sqs] = [await Plant.open([chain]), await AdversarialSqs.start()];
    const queue = await queueOn(sqs);
    const before = sqs.callCount;
    await Promise.all(Array.from({ length: 60 }, (_, i) => plant.raise('leave me', `rec-${i}`)));
    // Nothing is found by looking: the queue and the makers of work do it alone.
    await Promise.all([1, 2, 3].map((worker) => plant.startWorker({ queue, pollMs: NEVER_MS, workerId: `worker-${worker}` })));
    await allRuns(60, 'succeeded');
    expect((sqs.callCount - before) / (60 * STEPS)).toBeLessThanOrEqual(0.2);
  }, 120_000);

  it('finish everything and do nothing twice when the queue duplicates, reorders, delays and brings back', async () => {
    [plant, sqs] = [await Plant.open(), await AdversarialSqs.start({ behaviour: ADVERSARIAL, seed: 3 })];
    const queue = await queueOn(sqs);
    for (let worker = 1; worker <= 2; worker++) await plant.startWorker({ queue });
    for (let i = 0; i < 12; i++) await plant.raise('printers', `rec-${i}`);
    const waiting = await allRuns(12, 'waiting');
    await Promise.all(waiting.map((run) => plant.vote(run.steps['change']!.approval_id!)));
    await allRuns(12, 'succeeded');
    expect(plant.ledger.effects.map((effect) => effect.id).toSorted()).toEqual(Array.from({ length: 12 }, (_, i) => `rec-${i}`).toSorted());
  }, 120_000);

  it('go on without it: one that is out of reach when they start, one that has forgotten their queue, one that is gone', async () => {
    [plant, sqs] = [await Plant.open(), await AdversarialSqs.start()];
    const nowhere = { queueUrl: 'http://127.0.0.1:1/0/work', endpoint: 'http://127.0.0.1:1', region: null };
    await plant.startWorker({ queue: nowhere, pollMs: 200 });
    await plant.raise('leave me', 'rec-1');
    await allRuns(1, 'succeeded');
    await plant.startWorker({ queue: await queueOn(sqs), pollMs: 200 });
    await sqs.restart();
    await plant.raise('leave me', 'rec-2');
    await allRuns(2, 'succeeded');
    await sqs.stop();
    await plant.raise('leave me', 'rec-3');
    await allRuns(3, 'succeeded');
  }, 120_000);
});
