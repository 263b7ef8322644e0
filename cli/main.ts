#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ApiClient } from './api-client.ts';
import { accessCommands } from './commands/access.ts';
import { approvalsCommand } from './commands/approvals.ts';
import { auditCommand } from './commands/audit.ts';
import { budgetsCommand } from './commands/budgets.ts';
import { connectorCommand } from './commands/connector.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { evidenceCommand } from './commands/evidence.ts';
import { keyCommands } from './commands/keys.ts';
import { killSwitchesCommand } from './commands/kill-switches.ts';
import { machineCommands } from './commands/machines.ts';
import { operationsCommand } from './commands/operations.ts';
import { peopleCommands } from './commands/people.ts';
import { policyCommand } from './commands/policy.ts';
import { runsCommand } from './commands/runs.ts';
import { schedulesCommand } from './commands/schedules.ts';
import { tenancyCommands } from './commands/tenancy.ts';
import { workflowsCommand } from './commands/workflows.ts';
import { readConfig } from './config.ts';
import { CliError } from './errors.ts';
import { printJson, say } from './output.ts';

const program = new Command('countersign')
  .description('The command line of Countersign: a client of the public API, and the offline evidence verifier.\nReads COUNTERSIGN_URL and COUNTERSIGN_API_KEY.')
  .version('0.1.0')
  // Else our own --version would take that of `workflows activate`.
  .enablePositionalOptions()
  .addCommand(connectorCommand())
  .addCommand(policyCommand())
  .addCommand(evidenceCommand())
  .addCommand(auditCommand())
  .addCommand(runsCommand())
  .addCommand(deadLettersCommand())
  .addCommand(operationsCommand())
  .addCommand(schedulesCommand())
  .addCommand(killSwitchesCommand())
  .addCommand(approvalsCommand())
  .addCommand(workflowsCommand())
  .addCommand(budgetsCommand());

[...peopleCommands(), ...accessCommands(), ...machineCommands(), ...tenancyCommands(), ...keyCommands()].forEach((command) => program.addCommand(command));

program.command('cost').description('What a ticket costs, as JSON').action(async () => printJson(await new ApiClient(readConfig()).costPerTicket()));

throwInsteadOfExiting(program);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(); // who read our output has had enough of it, as `head` does
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof CliError) {
    say(error.message);
    process.exitCode = error.exitCode;
  } else {
    throw error;
  }
}

/** Commander would exit with 1 for bad usage; and a command that is added does not take over its parent's settings. */
function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExiting);
}
