import type { Command } from './commands/command.ts';

interface Listed {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, Listed>> = {
  enroll: { summary: 'make this machine an agent of a cell, with a one-time token', load: async () => (await import('./commands/enroll.ts')).enroll },
  run: { summary: 'ask the cell for work and do it, until stopped', load: async () => (await import('./commands/run.ts')).run },
  status: { summary: 'how the agent that runs here is', load: async () => (await import('./commands/status.ts')).status },
  doctor: { summary: 'find what keeps an agent from working, and say what to do', load: async () => (await import('./commands/doctor.ts')).doctor },
  policy: { summary: 'by which policy the agent decides, and until when', load: async () => (await import('./commands/policy.ts')).policy },
  spool: { summary: 'what waits to be delivered to the cell, and whether it is whole', load: async () => (await import('./commands/spool.ts')).spool },
  version: { summary: 'which version this is, and what it is made of', load: async () => (await import('./commands/version.ts')).version },
};

export const USAGE = `Usage: countersign-agent COMMAND [options]

${Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`).join('\n')}

countersign-agent COMMAND --help says more. Settings are in /etc/countersign/agent.yaml or where COUNTERSIGN_AGENT_CONFIG says;
each of one value may be a variable instead: COUNTERSIGN_AGENT_STATE_DIR for state_dir.

Exit codes: 0 done; 1 it did not work, or something is not as it should be; 2 the command line is wrong; 75 another version is
there to be started; 78 a person has to do something first (settings, enrolment, a certificate that expired or was revoked).
`;
