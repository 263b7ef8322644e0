import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { printJson, printTable } from '../output.ts';

/** `countersign runs list|get`. */
export function runsCommand(): Command {
  const runs = new Command('runs').description('What ran and what became of it');
  runs.command('list').description('Runs, newest first')
    .option('--state <states>', 'only these, separated by commas')
    .option('--limit <n>', 'how many', '20').option('--json', 'print the API\'s answer')
    .action(async (options: { state?: string; limit: string; json?: boolean }) => {
      const page = await new ApiClient(readConfig()).runs({ limit: Number(options.limit), ...(options.state === undefined ? {} : { state: options.state }) });
      if (options.json === true) return printJson(page);
      printTable(['RUN', 'STATE', 'SUBJECT', 'WORKFLOW', 'COST USD', 'CREATED'], page.items.map((run) =>
        [run.id, run.error === null ? run.state : `${run.state} (${run.error.code})`, run.subject_label ?? '', `${run.workflow_name}@${run.workflow_version}`, run.cost_usd, run.created_at]));
    });
  runs.command('get').argument('<run>', 'the run id').description('One run, as JSON')
    .action(async (run: string) => printJson(await new ApiClient(readConfig()).run(run)));
  return runs;
}
