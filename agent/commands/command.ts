import type { ParseArgsConfig } from 'node:util';
import type { Environment } from '../credentials/secret-ref.ts';

/** One command of `countersign-agent`. Each is loaded when it is called, so that an agent that runs carries nothing of the others. */
export interface Command {
  /** What `--help` prints. */
  readonly usage: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** @returns the exit code */
  run(given: Given): Promise<number>;
}

/** What a command line and its surroundings gave. */
export interface Given {
  /** The whole command line, without the program. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly env: Environment;
  readonly input: NodeJS.ReadStream;
  /** To standard output: what was asked for. */
  print(text: string): void;
  /** To standard error: what people are told besides. */
  say(text: string): void;
}

/** Exit codes, as `countersign-agent --help` tells them. `sysexits.h` has the two large ones. */
export const EXIT = {
  done: 0,
  /** It was looked, and something is not as it should be; or it did not work. */
  failed: 1,
  usage: 2,
  /** Another version is there: start it. */
  restart: 75,
  /** Nothing that is tried again helps: settings, an enrolment, a certificate that has expired or was revoked. */
  person: 78,
} as const;

export const COMMON_OPTIONS = { config: { type: 'string' }, json: { type: 'boolean' } } as const satisfies Command['options'];

export const COMMON_USAGE = `  --config FILE   settings; else COUNTERSIGN_AGENT_CONFIG, else /etc/countersign/agent.yaml
  --json          for programs`;

/** The text of an option, where it was given. */
export function optionOf({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}
