import { loadConfig } from '../config/config.ts';
import { examine, findingsText } from '../doctor/doctor.ts';
import { COMMON_OPTIONS, COMMON_USAGE, EXIT, optionOf } from './command.ts';
import type { Command, Given } from './command.ts';

export const doctor: Command = {
  usage: `Usage: countersign-agent doctor [--config FILE] [--json]

Looks at ten things that an agent needs: permission, disk, certificate, dns, proxy, port, ca, clock, policy and connector; says what was found
and what to do. It changes nothing, and may be run while the agent runs, as the agent's user. Exit code 1: something is wrong.

${COMMON_USAGE}
`,
  options: COMMON_OPTIONS,

  async run(given: Given): Promise<number> {
    const config = await loadConfig(optionOf(given, 'config'), given.env);
    const findings = await examine(config, given.env, () => new Date());
    given.print(given.options.json === true ? JSON.stringify({ findings }) : findingsText(findings));
    return findings.some(({ ok }) => ok === false) ? EXIT.failed : EXIT.done;
  },
};
