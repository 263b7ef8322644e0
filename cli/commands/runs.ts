import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { printJson, printTable, say } from '../output.ts';
import { momentOf } from '../durations.ts';
import { showRun } from '../run/show-run.ts';
import { showTimeline } from '../run/show-timeline.ts';

interface ListOptions {
  state?: string;
  workflow?: string;
  environment?: string;
  query?: string;
  errorCode?: string;
  step?: string;
  since?: string;
  until?: string;
  paused?: boolean;
  attention?: boolean;
  cursor?: string;
  limit: string;
  json?: boolean;
}

/** `countersign runs list|get|show|timeline|pause|resume|cancel|redrive`. */
export function runsCommand(): Command {
  const runs = new Command('runs').description('What ran and what became of it');
  runs.command('list').description('Runs, newest first')
    .option('--state <states>', 'only these, separated by commas').option('--workflow <name>', 'only of this workflow').option('--environment <name>', 'dev, staging or prod')
    .option('--query <text>', 'part of a run id, of a subject or of its label').option('--error-code <code>', 'of the run or of one of its steps').option('--step <key>', 'with this step at work, or not ended well')
    .option('--since <when>', 'begun since then: a time, or 2h ago as 2h').option('--until <when>', 'begun before then').option('--paused', 'only what is paused').option('--attention', 'only what a person must look at')
    .option('--limit <n>', 'how many', '20').option('--cursor <cursor>', 'the next page, as the one before named it').option('--json', 'print the API\'s answer')
    .action(list);
  runs.command('get').argument('<run>', 'the run id').description('One run, as JSON').option('--json', 'it is always JSON')
    .action(async (run: string) => printJson(await new ApiClient(readConfig()).run(run)));
  runs.command('show').argument('<run>', 'the run id').description('One run: where it stands, step by step').option('--json', 'print the API\'s answer')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const run = await new ApiClient(readConfig()).run(id);
      return json === true ? printJson(run) : showRun(run);
    });
  runs.command('timeline').argument('<run>', 'the run id').description('What each step waits for, and all that happened, in order').option('--json', 'print the API\'s answer')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const timeline = await wholeTimeline(new ApiClient(readConfig()), id);
      return json === true ? printJson(timeline) : showTimeline(timeline);
    });
  addAct(runs, 'pause', 'Pause a run: nothing new begins in it, what is under way ends', 'It is being paused.');
  addAct(runs, 'resume', 'Let a paused run go on', 'It goes on.');
  addAct(runs, 'cancel', 'Cancel a run; what was already sent cannot be called back', 'It is being cancelled.');
  addAct(runs, 'redrive', 'Try its dead and failed steps again, under the idempotency keys that they had', 'It goes on.');
  return runs;
}

async function list(options: ListOptions): Promise<void> {
  const { query, errorCode, since, until, limit, json, ...same } = options;
  const page = await new ApiClient(readConfig()).runs({
    ...same, limit: Number(limit), ...(query === undefined ? {} : { q: query }), ...(errorCode === undefined ? {} : { error_code: errorCode }),
    ...(since === undefined ? {} : { from: momentOf(since) }), ...(until === undefined ? {} : { to: momentOf(until) }),
  });
  if (json === true) return printJson(page);
  printTable(['RUN', 'STATE', 'SUBJECT', 'WORKFLOW', 'COST USD', 'CREATED'], page.items.map((run) => {
    const state = run.error === null ? run.state : `${run.state} (${run.error.code})`;
    return [run.id, run.paused_at == null ? state : `${state}, paused`, run.subject_label ?? '', `${run.workflow_name}@${run.workflow_version}`, run.cost_usd, run.created_at];
  }));
  if (page.next_cursor !== null) say(`Older ones${page.searched_back_to === null ? '' : ` (looked back to ${page.searched_back_to})`}: --cursor ${page.next_cursor}`);
}

/** All pages as one: a timeline is read to its end. */
async function wholeTimeline(client: ApiClient, id: string): ReturnType<ApiClient['runTimeline']> {
  const first = await client.runTimeline(id, null);
  const entries = [...first.entries];
  let cursor = first.next_cursor;
  while (cursor !== null) {
    const page = await client.runTimeline(id, cursor);
    entries.push(...page.entries);
    cursor = page.next_cursor;
  }
  return { ...first, entries, next_cursor: null };
}

function addAct(runs: Command, act: 'pause' | 'resume' | 'cancel' | 'redrive', description: string, done: string): void {
  runs.command(act).argument('<run>', 'the run id').description(description)
    .requiredOption('--reason <text>', 'why; it is in the audit with your name').option('--json', 'print the API\'s answer')
    .action(async (id: string, { reason, json }: { reason: string; json?: boolean }) => {
      const accepted = await new ApiClient(readConfig()).actOnRun(id, act, reason);
      if (json === true) return printJson(accepted);
      say(`${done} (${accepted.request_id})`);
      if (accepted.not_stopped === undefined || accepted.not_stopped.length === 0) return;
      say('Under way, and not to be stopped. It ends by itself; what it has sent stays sent:');
      printTable(['STEP', 'STATE', 'WRITES'], accepted.not_stopped.map(({ step_key, state, action }) => [step_key, state, action ?? 'nothing']));
    });
}
