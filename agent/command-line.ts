import { parseArgs } from 'node:util';
import { EXIT } from './commands/command.ts';
import type { Command, Given } from './commands/command.ts';
import { COMMANDS, USAGE } from './usage.ts';

type Surroundings = Omit<Given, 'options' | 'args'>;

/** Errors that name what a person has to do before it can work. */
const PERSON = [
  'config_invalid', 'not_enrolled', 'identity_unusable', 'already_enrolled', 'certificate_expired', 'spool_unusable', 'spool_damaged', 'key_file_missing', 'key_file_exposed', 'key_file_invalid',
];

/** Carries out one command line, without the name of the program before it. Gives what the process is to exit with. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    surroundings.print(USAGE);
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const listed = Object.hasOwn(COMMANDS, name === '--version' ? 'version' : name) ? COMMANDS[name === '--version' ? 'version' : name] : undefined;
  if (listed === undefined) {
    surroundings.say(`countersign-agent: there is no command ${JSON.stringify(name)}.\n\n${USAGE}`);
    return EXIT.usage;
  }
  return run(await listed.load(), rest, { ...surroundings, args });
}

async function run(command: Command, args: readonly string[], surroundings: Omit<Given, 'options'>): Promise<number> {
  let options: Given['options'];
  try {
    options = parseArgs({ args: [...args], options: { ...command.options, help: { type: 'boolean', short: 'h' } } }).values as Given['options'];
  } catch (error) {
    surroundings.say(`countersign-agent: ${(error as Error).message}\n\n${command.usage}`);
    return EXIT.usage;
  }
  if (options.help === true) {
    surroundings.print(command.usage);
    return EXIT.done;
  }
  try {
    return await command.run({ ...surroundings, options });
  } catch (error) {
    if (!isCoded(error)) throw error;
    surroundings.say(`countersign-agent: ${error.message}`);
    return PERSON.includes(error.code) ? EXIT.person : EXIT.failed;
  }
}

/** Of ours, or of the system: told by what it says. Everything else is a fault of this program and shows where. */
function isCoded(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}
