import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, printTable, say } from '../output.ts';
import { readWorkflow } from '../workflow/read-workflow.ts';

/** `countersign workflows ...`: publishing versions and switching environments to them. */
export function workflowsCommand(): Command {
  const workflows = new Command('workflows').description('Publish and activate workflows');
  workflows.command('list').description('Workflows, their newest version, and what each environment runs').option('--json', 'print the API\'s answer').action(async ({ json }: { json?: boolean }) => {
    const page = await new ApiClient(readConfig()).workflows();
    if (json === true) return printJson(page);
    printTable(['WORKFLOW', 'NEWEST', 'ACTIVE'], page.items.map((item) => [item.name, String(item.latest_version), item.activations.map(({ environment, version, enabled }) => `${environment} ${version}${enabled ? '' : ' (off)'}`).join(', ')]));
  });
  workflows.command('publish').argument('<file>', 'the workflow (.yaml); prompts and schemas that it names are read from beside it').description('Publish a version; the same content again is the version that it already has').option('--json', 'print the API\'s answer')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const published = await new ApiClient(readConfig()).publishWorkflow(await readWorkflow(file));
      const { name, version, digest } = published;
      if (json === true) return printJson(published);
      say(`Published. ${name} ${version}, ${digest}. Let an environment run it with: countersign workflows activate ${name} --version ${version}`);
    });
  workflows.command('activate').argument('<workflow>', 'its name').option('--version <n>', 'default: the newest').option('--environment <name>', 'dev, staging or prod', 'prod').option('--off', 'switch the trigger off')
    .description('Which version an environment runs from now on').option('--json', 'print the API\'s answer')
    .action(activate);
  workflows.command('start').argument('<workflow>', 'its name').option('--trigger <json>', 'what the run is about', '{}').option('--environment <name>', 'dev, staging or prod', 'prod').description('Start a run by hand').option('--json', 'print the API\'s answer')
    .action(start);
  return workflows;
}

async function activate(name: string, options: { readonly version?: string; readonly environment: string; readonly off?: boolean; readonly json?: boolean }): Promise<void> {
  const api = new ApiClient(readConfig());
  const found = (await api.workflows()).items.find((item) => item.name === name);
  if (found === undefined) throw new CliError('input_invalid', `There is no workflow ${name}. See: countersign workflows list`);
  const version = options.version === undefined ? found.latest_version : Number(options.version);
  if (!Number.isInteger(version) || version < 1) throw new CliError('input_invalid', '--version takes a whole number from 1.');
  const activated = await api.activateWorkflow(found.id, options.environment, { version, enabled: options.off !== true });
  if (options.json === true) return printJson(activated);
  say(options.off === true ? `Off. ${name} starts nothing in ${options.environment}.` : `Active. ${options.environment} runs ${name} ${version}.`);
}

async function start(workflow: string, options: { readonly trigger: string; readonly environment: string; readonly json?: boolean }): Promise<void> {
  let trigger: unknown;
  try {
    trigger = JSON.parse(options.trigger);
  } catch (cause) {
    throw new CliError('input_invalid', `--trigger takes a JSON object: ${(cause as Error).message}`, { cause });
  }
  if (typeof trigger !== 'object' || trigger === null || Array.isArray(trigger)) throw new CliError('input_invalid', '--trigger takes a JSON object, such as {"sys_id": "..."}.');
  const accepted = await new ApiClient(readConfig()).startRun({ workflow, environment: options.environment as 'prod', trigger: trigger as Record<string, unknown> });
  if (options.json === true) return printJson(accepted);
  say(`Accepted as ${accepted.delivery_id}. See: countersign runs list`);
}
