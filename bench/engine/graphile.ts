import { Logger, run } from 'graphile-worker';
import { keepInFlight, STEPS } from './contender.ts';
import type { Contender, Place, StepKind } from './contender.ts';
import { askLocalServer } from './local-server.ts';

interface Job { readonly id: string; readonly step: number }

/** graphile-worker with five chained jobs: each job that ends adds the next. Nothing of it is governed. */
export async function startGraphile({ adminUrl, localServerUrl }: Place, kind: StepKind): Promise<Contender> {
  const ended = new Map<string, () => void>();
  const runner = await run({
    connectionString: adminUrl, concurrency: 32, maxPoolSize: 34, noHandleSignals: true, logger: new Logger(() => () => undefined),
    taskList: {
      step: async (payload, { addJob }) => {
        const { id, step } = payload as Job;
        if (kind === 'http') await askLocalServer(localServerUrl);
        if (step + 1 < STEPS) await addJob('step', { id, step: step + 1 } satisfies Job);
      },
    },
  });
  // The last job's success is committed when the runner says so.
  runner.events.on('job:success', ({ job }) => {
    const { id, step } = job.payload as Job;
    if (step + 1 === STEPS) ended.get(id)?.();
  });
  let count = 0;
  const chain = async (): Promise<void> => {
    const id = `thing-${++count}`;
    const end = new Promise<void>((resolve) => { ended.set(id, resolve); });
    await runner.addJob('step', { id, step: 0 } satisfies Job);
    await end;
    ended.delete(id);
  };
  return { measure: (inFlight, durationMs) => keepInFlight(chain, inFlight, durationMs), stop: () => runner.stop() };
}
