import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient, BulkCommand } from '../api-client.ts';
import { say } from '../output.ts';

const LOOK_EVERY_MS = 500;

/** Looks at a job until it is finished, and tells of its progress when there is some. */
export async function followJob(client: Pick<ApiClient, 'bulkCommand'>, asked: BulkCommand): Promise<BulkCommand> {
  let job = asked;
  let told = '';
  while (job.state !== 'finished') {
    const words = jobInWords(job);
    if (words !== told) say(`${words} ...`);
    told = words;
    await pause(LOOK_EVERY_MS);
    job = await client.bulkCommand(job.id);
  }
  return job;
}

/** `12 of 40 tried again, 2 had nothing left to do`. */
export function jobInWords({ kind, total, done, skipped }: Pick<BulkCommand, 'kind' | 'total' | 'done' | 'skipped'>): string {
  return `${done} of ${total} ${kind === 'redrive' ? 'tried again' : 'asked to stop'}${skipped === 0 ? '' : `, ${skipped} had nothing left to do`}`;
}
