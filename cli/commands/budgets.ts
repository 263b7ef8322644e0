import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import type { Budget } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, printTable } from '../output.ts';

const AMOUNT = /^\d{1,9}(\.\d{1,9})?$/;

/** `countersign budgets get|set`. A limit that is not named stays as it is, and a change made by somebody else in between is not overwritten. */
export function budgetsCommand(): Command {
  const budgets = new Command('budgets').description('What the workspace may spend');
  budgets.command('get').description('The limits, and what of the month is used up').option('--json', 'print the API\'s answer')
    .action(async (options: { json?: boolean }) => show((await new ApiClient(readConfig()).budget()).body, options.json));
  budgets.command('set').description('Set the limits, in USD; `none` takes one away')
    .option('--monthly <usd>', 'for a calendar month (UTC)', amount)
    .option('--run <usd>', 'for each run', amount)
    .option('--json', 'print the API\'s answer')
    .action(async (options: { monthly?: string | null; run?: string | null; json?: boolean }) => {
      if (options.monthly === undefined && options.run === undefined) throw new CliError('input_invalid', 'Name a limit: --monthly USD, --run USD, or both.');
      const client = new ApiClient(readConfig());
      const { body, etag } = await client.budget();
      const { monthly = body.monthly_limit_usd, run = body.run_limit_usd } = options;
      show((await client.setBudget({ monthly_limit_usd: monthly, run_limit_usd: run }, etag)).body, options.json);
    });
  return budgets;
}

function amount(text: string): string | null {
  if (text === 'none') return null;
  if (!AMOUNT.test(text)) throw new CliError('input_invalid', `${text} is no amount: write dollars with at most nine places, such as 250 or 0.50, or none.`);
  return text;
}

function show(budget: Budget, json = false): void {
  if (json) return printJson(budget);
  const { period, spent_usd: spent, reserved_usd: reserved, state, ends_at: ends } = budget.month;
  printTable(['BUDGET', 'LIMIT USD', 'SPENT USD', 'RESERVED USD', 'STATE', 'ENDS'], [
    [`month ${period}`, budget.monthly_limit_usd ?? 'none', spent, reserved, state, ends],
    ['each run', budget.run_limit_usd ?? 'none', '', '', '', ''],
  ]);
}
