import { loadConfig } from '../config/config.ts';
import { isEnrolled, loadEnrolment } from '../enrolment/identity.ts';
import { statusText } from '../status/status-text.ts';
import { isRunning, readStatus } from '../status/status-file.ts';
import { COMMON_OPTIONS, COMMON_USAGE, EXIT, optionOf } from './command.ts';
import type { Command, Given } from './command.ts';

export const status: Command = {
  usage: `Usage: countersign-agent status [--config FILE] [--json]

How the agent of this state_dir is, as it wrote it itself in the last seconds. Exit code 0: it runs and the cell answers; 1: it does not run,
or has lost the cell; \`countersign-agent doctor\` says why.

${COMMON_USAGE}
`,
  options: COMMON_OPTIONS,

  async run(given: Given): Promise<number> {
    const { state_dir } = await loadConfig(optionOf(given, 'config'), given.env);
    // Who is not enrolled is told so, and what to do.
    if (!await isEnrolled(state_dir)) await loadEnrolment(state_dir);
    const last = await readStatus(state_dir);
    const running = last !== null && isRunning(last, new Date());
    given.print(given.options.json === true ? JSON.stringify({ running, last }) : statusText(last, running, new Date()));
    return running && last.session.connected ? EXIT.done : EXIT.failed;
  },
};
