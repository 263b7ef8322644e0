import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { changeOf, CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import { startWorker } from '@countersign/execution-plane/wiring.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Listener, notify } from '@countersign/platform/postgres/listener.ts';
import type { Contender, Place, StepKind } from './contender.ts';
import { EngineBenchError } from './errors.ts';
import { noop } from './noop-connector.ts';
import { insertDelivery, readDeliveriesOfRuns } from './queries.ts';
import { seed } from './seed.ts';

const INSERTERS = 16;

/**
 * Ours, governed: an event from outside becomes a run of five steps; each has a policy decision (the platform's base, a pack and a
 * tenant's layer), an idempotency record committed before the call, an outcome after it, and audit events. One worker, in this process.
 */
export async function startCountersign({ controlUrl, executionUrl, localServerUrl }: Place, kind: StepKind): Promise<Contender> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-bench-engine-'));
  const [keyFile, objectsFolder] = [path.join(folder, 'key'), path.join(folder, 'objects')];
  const control = new Database({ url: controlUrl, applicationName: 'bench engine', maxConnections: INSERTERS });
  const place = await seed(control, { keyFile, objectsFolder, localServerUrl, kind });
  const worker = await startWorker({
    databaseUrl: executionUrl, objectsFolder, keys: { root: { kind: 'file', file: keyFile }, also: [] }, workerId: 'bench', concurrency: 128, leaseMs: 15_000, policyRefreshMs: 300_000, policyTtlMs: 900_000, policyThreads: 2,
    reconcileMs: 0, retentionDays: 14, drainMs: 5_000, logLevel: 'error', connectorsFolder: null, queue: null, pollMs: null,
  }, [noop]);

  const begun = new Map<string, number>();
  const ended = new Map<string, number>();
  let failed = 0;
  let onEnd: () => void = () => undefined;
  const listener = new Listener(controlUrl, {
    [CHANGES_CHANNEL]: (payload) => {
      const change = changeOf(payload);
      if (change?.kind !== 'run' || !['succeeded', 'failed', 'cancelled'].includes(change.state) || ended.has(change.id)) return;
      if (change.state !== 'succeeded') failed++;
      ended.set(change.id, performance.now());
      onEnd();
    },
  }, (error) => { throw error; });
  await listener.start();

  const wake = coalesced(() => notify(control.pool, 'countersign_deliveries'));
  /** As the webhook does: one durable row, then a hint. */
  const raise = async (): Promise<void> => {
    const id = newId('delivery');
    begun.set(id, performance.now());
    await insertDelivery(control, place, id);
    wake();
  };

  return {
    async measure(inFlight, durationMs) {
      begun.clear();
      ended.clear();
      const until = performance.now() + durationMs;
      let open = 0;
      const fill = (): void => {
        for (; open < inFlight && performance.now() < until; open++) raise().catch((error: unknown) => { throw error; });
      };
      await new Promise<void>((resolve) => {
        onEnd = () => {
          open--;
          fill();
          if (open === 0) resolve();
        };
        fill();
      });
      if (failed > 0) throw new EngineBenchError('runs_failed', `${failed} runs did not succeed.`);
      const deliveries = await control.forTenant(place.tenantId, (tx) => readDeliveriesOfRuns(tx, place.tenantId, [...ended.keys()]));
      return {
        whole: deliveries.map(({ id, delivery_id }) => (ended.get(id) ?? Number.NaN) - (begun.get(delivery_id) ?? Number.NaN)),
        toStart: deliveries.map(({ to_start_ms }) => to_start_ms),
      };
    },
    async stop() {
      await listener.stop();
      await worker.stop();
      await control.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One at a time; what is asked for meanwhile is one more. */
function coalesced(send: () => Promise<void>): () => void {
  let sending = false;
  let again = false;
  const wake = (): void => {
    if (sending) {
      again = true;
      return;
    }
    sending = true;
    void send().finally(() => {
      sending = false;
      if (!again) return;
      again = false;
      wake();
    });
  };
  return wake;
}
