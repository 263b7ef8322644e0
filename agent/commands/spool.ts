import { loadConfig } from '../config/config.ts';
import { spoolCommand } from '../spool/spool-command.ts';
import { readStatus } from '../status/status-file.ts';
import { COMMON_OPTIONS, COMMON_USAGE, optionOf } from './command.ts';
import type { Command, Given } from './command.ts';

export const spool: Command = {
  usage: `Usage: countersign-agent spool [--config FILE] [--json]

What waits to be delivered to the cell, how long, and whether each entry is the one that was written. While the agent runs, what it last
wrote of it. Exit code 1: the spool is damaged, or there is none.

${COMMON_USAGE}
`,
  options: COMMON_OPTIONS,

  async run(given: Given): Promise<number> {
    const config = await loadConfig(optionOf(given, 'config'), given.env);
    const { text, exit } = await spoolCommand(config, given.options.json === true, async () => {
      const status = await readStatus(config.state_dir);
      return status === null ? null : { at: status.at, ...status.spool };
    });
    given.print(text);
    return exit;
  },
};
