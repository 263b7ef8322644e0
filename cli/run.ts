import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { CliError } from './errors.ts';
import { say } from './output.ts';
import { countersignProgram } from './program.ts';

/** Carries out one command line, without the name of the program before it. Gives what the process is to exit with: see README.md. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const program = countersignProgram();
  throwInsteadOfExiting(program);
  process.exitCode = undefined;
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof CliError)) throw error;
    say(error.message);
    return error.exitCode;
  }
}

/** Commander would exit with 1 for bad usage; and a command that is added does not take over its parent's settings. */
function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExiting);
}
