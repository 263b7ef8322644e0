import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { showBoard } from '../operations/show-board.ts';
import { showQueues } from '../operations/show-queues.ts';
import { printJson } from '../output.ts';

/** `countersign operations queues|board`. */
export function operationsCommand(): Command {
  const operations = new Command('operations').description('How the engine does');
  operations.command('queues').description('What waits for workers, for how long, what is stuck, and who works').option('--json', 'print the API\'s answer')
    .action(async ({ json }: { json?: boolean }) => {
      const queues = await new ApiClient(readConfig()).queues();
      return json === true ? printJson(queues) : showQueues(queues);
    });
  operations.command('board').description('Throughput and latency, by workflow').option('--minutes <n>', 'how far back, at most 180', '15').option('--json', 'print the API\'s answer, with the points in time')
    .action(async ({ minutes, json }: { minutes: string; json?: boolean }) => {
      if (!/^\d{1,3}$/.test(minutes)) throw new CliError('input_invalid', `--minutes ${minutes}: write a whole number from 1 to 180.`);
      const board = await new ApiClient(readConfig()).board(Number(minutes));
      return json === true ? printJson(board) : showBoard(board);
    });
  return operations;
}
