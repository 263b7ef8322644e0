import path from 'node:path';
import { afterAll } from 'vitest';
import { wakeConformance } from '@countersign/execution-plane/wake/conformance.ts';
import { sqsWakes } from '@countersign/execution-plane/wake/testing/sqs-wakes.ts';
import type { RestartableSqs } from '@countersign/execution-plane/wake/testing/sqs-wakes.ts';
import { ROOT } from '../config.ts';
import { startFauxSqs } from './fauxqs.ts';
import { startMoto } from '../aws/moto.ts';

/** One server for all tests of a kind: each has a queue of its own. */
function shared(start: () => Promise<RestartableSqs>): () => Promise<RestartableSqs> {
  let server: Promise<RestartableSqs> | undefined;
  afterAll(async () => (await server)?.stop());
  return async () => ({ ...await (server ??= start()), stop: () => Promise.resolve() });
}

const fauxqs = shared(() => startFauxSqs(0));
wakeConformance('SQS (fauxqs)', async () => sqsWakes(await fauxqs()));

const moto = shared(() => startMoto(path.join(ROOT, '.cache')));
wakeConformance('SQS (moto)', async () => sqsWakes(await moto()));
