import { createLogger } from '@countersign/platform/log/logger.ts';
import { textLines } from '@countersign/platform/log/text-lines.ts';
import { loadConfig } from '../config/config.ts';
import { runAgent } from '../run.ts';
import { runNewest } from '../upgrade/run-newest.ts';
import { COMMON_USAGE, EXIT, optionOf } from './command.ts';
import type { Command, Given } from './command.ts';

export const run: Command = {
  usage: `Usage: countersign-agent run [--config FILE]

Asks the cell for work and does it, until SIGTERM or SIGINT: then it takes nothing new, gives what is under way shutdown_s seconds to end,
delivers and exits with 0. A second signal ends it at once; what was under way is taken up by the next start. It listens on no port; its log
goes to standard output, and \`countersign-agent status\` says how it is. Exit code 78: only a person can help (not enrolled, the certificate has
expired or was revoked): do not start it again by itself.

${COMMON_USAGE.split('\n')[0]}
`,
  options: { config: { type: 'string' } },

  async run(given: Given): Promise<number> {
    const config = await loadConfig(optionOf(given, 'config'), given.env);
    // Where a newer version was taken, this one makes way for it.
    await runNewest(config.state_dir, given.args, given.env);
    const { format, level } = config.log;
    const log = createLogger('countersign-agent', level, format === 'text' ? textLines(process.stdout) : undefined);
    const end = await runAgent({ config, env: given.env, log, stopping: firstSignal() });
    if (end.kind === 'stopped') return EXIT.done;
    if (end.kind === 'switched') {
      await runNewest(config.state_dir, given.args, given.env);
      return EXIT.restart;
    }
    log.error({ err: end.error }, end.error.problem?.code === 'agent_expired'
      ? 'The certificate has expired. Get a token (console: Agents) and run: countersign-agent enroll --again'
      : 'The cell has revoked this agent. Whoever revoked it has said why; a new one is enrolled with: countersign-agent enroll --again');
    return EXIT.person;
  },
};

/** The second one is for who cannot wait. */
function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(EXIT.failed);
        isStopping = true;
        resolve(signal);
      });
    }
  });
}
