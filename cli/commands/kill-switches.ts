import { Command } from 'commander';
import { ApiClient, type KillSwitch } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { durationInWords, durationMs } from '../durations.ts';
import { CliError } from '../errors.ts';
import { printJson, printTable, say } from '../output.ts';

const SCOPES = ['tenant', 'workspace', 'environment', 'workflow'] as const;

/** `countersign kill-switches list|set|release`. */
export function killSwitchesCommand(): Command {
  const switches = new Command('kill-switches').description('What is stopped, and how it goes on');
  switches.command('list').description('What is set first').option('--active', 'only what is set').option('--json', 'print the API\'s answer')
    .action(async ({ active, json }: { active?: boolean; json?: boolean }) => {
      const answer = await new ApiClient(readConfig()).killSwitches(active);
      if (json === true) return printJson(answer);
      printTable(['KILL SWITCH', 'STATE', 'SCOPE', 'TARGET', 'SET', 'WHY'], answer.items.map((one) => [one.id, stateOf(one), one.scope, one.target_name ?? one.target_id, one.set_at, one.reason]));
    });
  switches.command('set').description('Stop something: within a second no worker begins another call there')
    .requiredOption('--scope <scope>', SCOPES.join(', ')).option('--id <id>', 'the workspace, environment or workflow').requiredOption('--reason <text>', 'why; it is in every refusal and in the audit').option('--json', 'print the API\'s answer')
    .action(async ({ scope, id, reason, json }: { scope: string; id?: string; reason: string; json?: boolean }) => {
      const known = SCOPES.find((one) => one === scope);
      if (known === undefined) throw new CliError('input_invalid', `--scope ${scope}: write ${SCOPES.join(', ')}.`);
      const made = await new ApiClient(readConfig()).setKillSwitch({ scope: known, reason, ...(id === undefined ? {} : { id }) });
      return json === true ? printJson(made) : say(`${made.id}: ${made.target_name ?? made.target_id} is stopped.`);
    });
  switches.command('release').argument('<kill-switch>', 'its id').description('Let it go on, at once or in stages')
    .requiredOption('--reason <text>', 'why; it is in the audit').option('--stage <percent:duration...>', 'let a share of the runs go on for a time, then the next; 10:5m 50:10m').option('--json', 'print the API\'s answer')
    .action(async (id: string, { reason, stage, json }: { reason: string; stage?: string[]; json?: boolean }) => {
      const released = await new ApiClient(readConfig()).releaseKillSwitch(id, { reason, ...(stage === undefined ? {} : { recovery: stage.map(stageOf) }) });
      return json === true ? printJson(released) : say(`${released.target_name ?? released.target_id}: ${stateOf(released)}.`);
    });
  return switches;
}

/** `10:5m`: ten percent of the runs for five minutes. Whether the shares grow is the API's to say. */
function stageOf(text: string): { share: number; for_ms: number } {
  const match = /^(\d{1,2}(?:\.\d{1,3})?)%?:(.+)$/.exec(text);
  if (match === null) throw new CliError('input_invalid', `--stage ${text}: write percent of the runs and for how long, such as 10:5m.`);
  return { share: Number(match[1]) / 100, for_ms: durationMs(match[2] ?? '') };
}

function stateOf({ released_at, recovered_at, recovery, recovery_stage, share, stage_began_at }: KillSwitch): string {
  if (released_at === null) return 'set';
  const stage = recovery?.[recovery_stage ?? -1];
  if (recovered_at != null || stage === undefined || stage_began_at == null) return 'released';
  return `recovering: ${((share ?? stage.share) * 100).toFixed(0)} % of the runs for ${durationInWords(stage.for_ms)}`;
}
