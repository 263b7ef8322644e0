import { Argument, Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import type { ApprovalDetail, VoteResult } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, printTable, say } from '../output.ts';

/** `countersign approvals list|show|approve|reject|answer`. A vote names the digest that the voter saw. */
export function approvalsCommand(): Command {
  const approvals = new Command('approvals').description('What waits for a person');
  approvals.command('list').description('Pending approvals').option('--state <states>', 'other states, separated by commas', 'pending').option('--json', 'print the API\'s answer')
    .action(async (options: { state: string; json?: boolean }) => {
      const page = await new ApiClient(readConfig()).approvals({ limit: 100, state: options.state });
      if (options.json === true) return printJson(page);
      printTable(['APPROVAL', 'KIND', 'STATE', 'SUBJECT', 'ACTION', 'EXPIRES', 'DIGEST'], page.items.map((item) =>
        [item.id, item.kind ?? 'action', item.state, item.subject ?? '', item.action, item.expires_at, item.action_digest]));
    });
  approvals.command('show').argument('<approval>', 'the approval id').description('Exactly what would be executed').option('--json', 'print the API\'s answer')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const approval = await new ApiClient(readConfig()).approval(id);
      if (json === true) printJson(approval);
      else show(approval);
    });
  for (const decision of ['approve', 'reject'] as const) {
    approvals.command(decision).argument('<approval>', 'the approval id').description(`Vote to ${decision}`)
      .requiredOption('--digest <sha256>', 'the digest that `show` printed: you vote on exactly that')
      .option('--reason <text>', decision === 'reject' ? 'why; required' : 'why').option('--json', 'print the API\'s answer')
      .action(async (id: string, options: { digest: string; reason?: string; json?: boolean }) => {
        if (decision === 'reject' && options.reason === undefined) throw new CliError('input_invalid', 'Say why with --reason.');
        counted(await new ApiClient(readConfig()).vote(id, { decision, action_digest: options.digest, ...(options.reason === undefined ? {} : { reason: options.reason }) }), options.json);
      });
  }
  const answer = new Argument('<answer>', 'what became of it').choices(['happened', 'did_not_happen']);
  approvals.command('answer').argument('<approval>', 'the approval id').addArgument(answer).description('Say what became of an effect that nobody can tell about. `happened`: nothing is sent again; `did_not_happen`: the same is sent once more')
    .requiredOption('--digest <sha256>', 'the digest that `show` printed: you answer about exactly that').requiredOption('--reason <text>', 'how you know: where you looked, and what was there').option('--json', 'print the API\'s answer')
    .action(async (id: string, decision: 'happened' | 'did_not_happen', { digest, reason, json }: { digest: string; reason: string; json?: boolean }) => {
      counted(await new ApiClient(readConfig()).vote(id, { decision, action_digest: digest, reason }), json);
    });
  return approvals;
}

function counted(answer: VoteResult, json: boolean | undefined): void {
  if (json === true) printJson(answer);
  else say(`Counted. ${answer.approval.id} is ${answer.approval.state}.`);
}

function show(approval: ApprovalDetail): void {
  if (approval.kind === 'outcome') process.stdout.write(`Did it happen? It was sent ${approval.sent?.intended_at ?? 'at an unknown time'} and no answer came. Look at the record, then: countersign approvals answer\n`);
  process.stdout.write(`${approval.preview.title}\n${approval.id}  ${approval.state}  expires ${approval.expires_at}\n\n`);
  printTable(['FIELD', 'BEFORE', 'AFTER'], approval.preview.fields.map((field) => [field.label, field.before, field.after]));
  for (const addition of approval.preview.additions) process.stdout.write(`\n${addition.label}\n${addition.text}\n`);
  process.stdout.write(`\ndigest ${approval.action_digest}\n`);
}
