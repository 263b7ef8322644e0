import { Command } from 'commander';
import { ApiClient, type DeadLetterFilter } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { followJob, jobInWords } from '../dead-letters/follow-job.ts';
import { momentOf } from '../durations.ts';
import { CliError } from '../errors.ts';
import { printJson, printTable, say } from '../output.ts';

interface FilterOptions {
  state?: string;
  workflow?: string;
  environment?: string;
  step?: string;
  uses?: string;
  code?: string;
  since?: string;
}

const STATES = ['dead', 'failed'] as const;
const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;

/** `countersign dead-letters list|redrive|jobs`. */
export function deadLettersCommand(): Command {
  const letters = new Command('dead-letters').description('Steps that were given up on');
  withFilter(letters.command('list').description('The latest first'))
    .option('--limit <n>', 'how many', '50').option('--cursor <cursor>', 'the next page, as the one before named it').option('--json', 'print the API\'s answer, with the whole context of each')
    .action(list);
  withFilter(letters.command('redrive').argument('[steps...]', 'step ids, as `list` prints them').description('Try them again: some by their ids, or all that fit a filter'))
    .option('--all', 'all that fit the filter, instead of ids').requiredOption('--reason <text>', 'why; it is in the audit with your name')
    .option('--wait', 'until the job is finished').option('--json', 'print the job')
    .action(redrive);
  letters.command('jobs').description('Jobs over many runs, the latest first').option('--json', 'print the API\'s answer')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await new ApiClient(readConfig()).bulkCommands();
      if (json === true) return printJson(page);
      printTable(['JOB', 'WHAT', 'STATE', 'HOW FAR', 'ASKED FOR', 'WHY'], page.items.map((job) => [job.id, job.kind, job.state, jobInWords(job), job.requested_at, job.reason]));
    });
  return letters;
}

function withFilter(command: Command): Command {
  return command.option('--state <states>', 'dead (it broke), failed (it was refused), or both separated by a comma; dead when absent')
    .option('--workflow <name>', 'only of this workflow').option('--environment <name>', 'dev, staging or prod').option('--step <key>', 'only this step')
    .option('--uses <action>', 'only this connector/action').option('--code <code>', 'only with this error code').option('--since <when>', 'given up on since then: a time, or 2h ago as 2h');
}

async function list({ limit, cursor, json, ...options }: FilterOptions & { limit: string; cursor?: string; json?: boolean }): Promise<void> {
  const page = await new ApiClient(readConfig()).deadLetters(filterOf(options), { limit: Number(limit), ...(cursor === undefined ? {} : { cursor }) });
  if (json === true) return printJson(page);
  printTable(['STEP ID', 'STATE', 'SUBJECT', 'STEP', 'WORKFLOW', 'ERROR', 'ATTEMPTS', 'GIVEN UP', 'RUN'], page.items.map(({ run, ...item }) => [
    item.id, item.state, run.subject_label ?? '', item.step_key, `${run.workflow_name}@${run.workflow_version}`, item.error?.code ?? '', `${item.attempt} of ${item.max_attempts}`, item.died_at, run.id,
  ]));
  if (page.next_cursor !== null) say(`Older ones: --cursor ${page.next_cursor}`);
}

async function redrive(ids: string[], { all, reason, wait, json, ...options }: FilterOptions & { all?: boolean; reason: string; wait?: boolean; json?: boolean }): Promise<void> {
  if ((ids.length > 0) === (all === true)) throw new CliError('input_invalid', 'Name step ids, or say --all with a filter: exactly one of them.');
  if (ids.length > 0 && Object.keys(options).length > 0) throw new CliError('input_invalid', `A filter (--${Object.keys(options).join(', --')}) goes with --all, not with step ids.`);
  const client = new ApiClient(readConfig());
  const asked = await client.redriveDeadLetters({ reason, ...(all === true ? { filter: filterOf(options) } : { ids }) });
  const job = wait === true ? await followJob(client, asked) : asked;
  if (json === true) return printJson(job);
  say(`${job.id}: ${jobInWords(job)}.${job.state === 'finished' ? '' : ' See how it goes with: countersign dead-letters jobs'}`);
}

/** The states are always named, so that a redrive of all means what `list` shows. */
function filterOf({ state, environment, since, ...same }: FilterOptions): DeadLetterFilter {
  return {
    ...same, state: (state ?? 'dead').split(',').map((one) => oneOf(one.trim(), STATES, '--state')),
    ...(environment === undefined ? {} : { environment: oneOf(environment, ENVIRONMENTS, '--environment') }), ...(since === undefined ? {} : { since: momentOf(since) }),
  };
}

function oneOf<Name extends string>(text: string, names: readonly Name[], option: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new CliError('input_invalid', `${option} ${text}: write ${names.join(' or ')}.`);
  return found;
}
