import type { Queues } from '../api-client.ts';
import { durationInWords } from '../durations.ts';
import { printTable, say } from '../output.ts';

type Figures = Queues['totals'];

/** One line for each queue and one for all; then the workers, and what lies between them and the database. */
export function showQueues({ at, items, items_left_out, totals, dispatch }: Queues): void {
  printTable(['WORKFLOW', 'ENVIRONMENT', 'READY', 'OLDEST', 'AT WORK', 'RETRYING', 'UNCERTAIN', 'WAITING', 'HELD', 'CLAIMS/MIN', 'RETRIES/MIN', 'DEAD', 'FOR A PERSON'], [
    ...items.map((queue) => [queue.workflow_name, queue.environment, ...figures(queue)]), ['all', '', ...figures(totals)],
  ]);
  if (items_left_out > 0) say(`${items_left_out} more queues, less deep, are not shown.`);
  process.stdout.write('\n');
  printTable(['WORKER', 'VERSION', 'STEPS AT WORK', 'STARTED', 'HEARD OF', 'STATE'], dispatch.workers.map((worker) => [
    worker.id, worker.version, String(worker.in_flight), worker.started_at, `${durationInWords(Math.max(0, Date.parse(at) - Date.parse(worker.heartbeat_at)))} ago`, worker.draining_since === null ? 'working' : `draining since ${worker.draining_since}`,
  ]));
  const { outbox, queue } = dispatch;
  if (outbox !== null) process.stdout.write(`\noutbox  ${outbox.depth} not sent${outbox.oldest_ms === null ? '' : `, the oldest for ${durationInWords(outbox.oldest_ms)}`}\n`);
  if (queue !== null) process.stdout.write(`sqs     ${queue.visible} to be had, ${queue.in_flight} at a worker, ${queue.dead_letters ?? 'no queue for'} dead letters (as of ${queue.asked_at})\n`);
}

function figures({ steps, counted_up_to, oldest_ready_ms, claims_per_minute, retries_per_minute, dead_letters, attention }: Figures): string[] {
  const atLeast = counted_up_to === null ? '' : '>=';
  return [
    `${atLeast}${steps.ready}`, oldest_ready_ms === null ? '' : durationInWords(oldest_ready_ms), String(steps.leased), `${atLeast}${steps.retrying}`, String(steps.uncertain), String(steps.waiting), String(steps.held),
    claims_per_minute.toFixed(1), retries_per_minute.toFixed(1), String(dead_letters), String(attention),
  ];
}
