import { IconCheck, IconCircleDashed, IconLoader2 } from '@tabler/icons-react';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { StateLook } from '../parts/state-look.ts';

type Job = components['schemas']['BulkCommand'];

export const JOB_LOOKS: Record<Job['state'], StateLook> = {
  queued: { tone: 'idle', icon: IconCircleDashed, meaning: 'No worker has begun with it' },
  running: { tone: 'run', icon: IconLoader2, meaning: 'One run after the other' },
  finished: { tone: 'ok', icon: IconCheck, meaning: 'Every run that it named has had its turn' },
};

/** Percent, whole, and 100 only when it is all. */
export function progressOf({ total, done, skipped, state }: Pick<Job, 'total' | 'done' | 'skipped' | 'state'>): number {
  if (state === 'finished' || total === 0) return 100;
  return Math.min(99, Math.floor(((done + skipped) * 100) / total));
}

/** `12 of 40 tried again, 2 had nothing left to do`. */
export function jobInWords({ kind, total, done, skipped }: Pick<Job, 'kind' | 'total' | 'done' | 'skipped'>): string {
  const what = kind === 'redrive' ? 'tried again' : 'asked to stop';
  return `${done} of ${total} ${what}${skipped === 0 ? '' : `, ${skipped} had nothing left to do`}`;
}
