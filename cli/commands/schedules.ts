import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { printJson, printTable, say } from '../output.ts';

/** `countersign schedules list|pause|resume`. */
export function schedulesCommand(): Command {
  const schedules = new Command('schedules').description('What runs by the clock');
  schedules.command('list').description('When next, when last, and what is paused').option('--json', 'print the API\'s answer')
    .action(async ({ json }: { json?: boolean }) => {
      const answer = await new ApiClient(readConfig()).schedules();
      if (json === true) return printJson(answer);
      printTable(['SCHEDULE', 'STATE', 'WORKFLOW', 'ENVIRONMENT', 'CRON', 'TIME ZONE', 'NEXT', 'LAST', 'LAST RUN', 'LEFT OUT'], answer.items.map((one) => [
        one.id, one.paused_at !== null ? `paused: ${one.pause_reason ?? ''}` : one.enabled ? 'active' : 'inactive', `${one.workflow_name}@${one.workflow_version}`, one.environment, one.cron, one.time_zone,
        one.next_due_at ?? '', one.last?.due_at ?? '', one.last?.run_id == null ? '' : `${one.last.run_id} ${one.last.run_state ?? ''}`, String(one.last?.skipped ?? 0),
      ]));
    });
  for (const act of ['pause', 'resume'] as const) {
    schedules.command(act).argument('<schedule>', 'the schedule id').description(act === 'pause' ? 'It is not due again until it is resumed; runs that have begun go on' : 'It is due again from the next time on')
      .requiredOption('--reason <text>', 'why; it is in the audit with your name').option('--json', 'print the API\'s answer')
      .action(async (id: string, { reason, json }: { reason: string; json?: boolean }) => {
        const schedule = await new ApiClient(readConfig()).holdSchedule(id, act, reason);
        if (json === true) return printJson(schedule);
        say(`${schedule.workflow_name} in ${schedule.environment} is ${schedule.paused_at === null ? `due next ${schedule.next_due_at ?? 'never'}` : 'paused'}.`);
      });
  }
  return schedules;
}
