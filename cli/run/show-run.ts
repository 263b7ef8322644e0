import type { RunDetail } from '../api-client.ts';
import { durationInWords } from '../durations.ts';
import { printTable } from '../output.ts';

/** One run for people: what it is, why it failed or stands still, and its steps. */
export function showRun(run: RunDetail): void {
  const took = run.started_at === null ? 'not started' : durationInWords(Date.parse(run.finished_at ?? new Date().toISOString()) - Date.parse(run.started_at));
  line(`${run.subject_label ?? run.subject ?? 'no subject'}  ${run.state}${run.paused_at == null ? '' : ', paused'}`);
  line(`${run.id}  ${run.workflow_name}@${run.workflow_version} in ${run.environment}  ${took}  ${run.cost_usd} USD`);
  if (run.error !== null) line(`error  ${run.error.code}${run.error.step_key === undefined ? '' : ` in ${run.error.step_key}`}: ${run.error.message}`);
  if (run.paused_at != null) line(`paused ${run.paused_at} by ${run.paused_by ?? 'nobody that is known'}: ${run.pause_reason ?? ''}`);
  line('');
  printTable(['STEP', 'USES', 'STATE', 'ATTEMPT', 'ERROR'], run.steps.map((step) => [step.key, step.uses, step.state, `${step.attempt} of ${step.max_attempts}`, step.error?.code ?? '']));
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
