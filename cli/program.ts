import { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { accessCommands } from './commands/access.ts';
import { rolloutCommands } from './commands/agent-rollouts.ts';
import { agentCommands } from './commands/agents.ts';
import { approvalsCommand } from './commands/approvals.ts';
import { auditCommand } from './commands/audit.ts';
import { budgetsCommand } from './commands/budgets.ts';
import { connectorCommand } from './commands/connector.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { evidenceCommand } from './commands/evidence.ts';
import { keyCommands } from './commands/keys.ts';
import { killSwitchesCommand } from './commands/kill-switches.ts';
import { loginCommand } from './commands/login.ts';
import { machineCommands } from './commands/machines.ts';
import { operationsCommand } from './commands/operations.ts';
import { peopleCommands } from './commands/people.ts';
import { policyCommand } from './commands/policy.ts';
import { runsCommand } from './commands/runs.ts';
import { schedulesCommand } from './commands/schedules.ts';
import { tenancyCommands } from './commands/tenancy.ts';
import { workflowsCommand } from './commands/workflows.ts';
import { readConfig } from './config.ts';
import { EXAMPLES } from './examples.ts';
import { printJson } from './output.ts';

/** The whole command line: every command, with how it is used. */
export function countersignProgram(): Command {
  const program = new Command('countersign')
    .description('The command line of Countersign: a client of the public API, and the offline evidence verifier.\nReads COUNTERSIGN_URL and COUNTERSIGN_API_KEY.')
    .addHelpText('after', EXIT_CODES)
    .version('0.1.0')
    // Else our own --version would take that of `workflows activate`.
    .enablePositionalOptions()
    .addCommand(loginCommand())
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

  [...peopleCommands(), ...accessCommands(), ...machineCommands(), ...agentCommands(), ...rolloutCommands(), ...tenancyCommands(), ...keyCommands()].forEach((command) => program.addCommand(command));

  program.command('cost').description('What a ticket costs, as JSON').option('--json', 'it is always JSON').action(async () => printJson(await new ApiClient(readConfig()).costPerTicket()));

  program.commands.forEach((command) => addExamples(command, ''));
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done; 1 refused, not verified, or no answer; 2 the command or what it was given is wrong; 3 with audit verify --strict, events
behind the newest checkpoint. Data goes to stdout, talk to stderr.`;

function addExamples(command: Command, above: string): void {
  const name = `${above} ${command.name()}`.trim();
  const examples = EXAMPLES[name];
  if (examples !== undefined) command.addHelpText('after', `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${examples.map((example) => `  countersign ${example}`).join('\n')}`);
  command.commands.forEach((child) => addExamples(child, name));
}
