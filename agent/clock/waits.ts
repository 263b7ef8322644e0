import { setTimeout as passed } from 'node:timers/promises';

/** Until `ms` are over, or `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await passed(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Until `work` is done, or `ms` are over: then it goes on by itself. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const isDone = new AbortController();
  try {
    await Promise.race([work, pause(ms, isDone.signal)]);
  } finally {
    isDone.abort();
  }
}
