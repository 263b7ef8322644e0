import { escapeMrkdwn } from '../safe-text.ts';
import type { OutcomeRow } from './queries.ts';

/** What the thread under a card is told in the end, in mrkdwn. */
export function outcomeText(row: OutcomeRow, publicUrl: string): string {
  const link = `<${publicUrl}/runs/${row.run_id}|${row.has_evidence ? 'Run and evidence' : 'Run'}>`;
  return `${sentenceOf(row)} ${link}`;
}

function sentenceOf({ kind, answer, state, call_state, run_state, error_code }: OutcomeRow): string {
  if (kind === 'outcome') return answer === null ? 'Nobody said what happened: the step is a dead letter now.' : answer === 'happened' ? 'A person says that it happened: the run goes on.' : 'A person says that it did not happen: it is tried again.';
  if (state === 'rejected') return 'Rejected: nothing was executed.';
  if (state === 'expired') return 'Nobody decided in time: nothing was executed.';
  if (state === 'withdrawn') return 'Withdrawn: nothing was executed.';
  const code = error_code === null ? '' : ` (${escapeMrkdwn(error_code)})`;
  if (call_state === 'succeeded') return run_state === 'succeeded' ? 'Executed.' : `Executed; the run ended ${run_state ?? 'unknown'}${code}.`;
  if (call_state === 'uncertain' || call_state === 'intended') return `Nobody knows yet whether it was executed${code}; see the run.`;
  return `Not executed${code}.`;
}
