import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { readConfig } from './config.ts';
import { printJson, printTable, say } from './output.ts';

interface Asked<Options, Answer> {
  does: string;
  /** `<name>` and `[name]`, in order, each with what it is. */
  takes?: ReadonlyArray<readonly [string, string]>;
  /** Further options, set on the command. */
  options?: (command: Command) => Command;
  ask: (client: ApiClient, given: readonly string[], options: Options) => Promise<Answer>;
}

/** Shows an answer to people; with `--json` the API's answer is printed instead. */
type Show<Answer> = (answer: Answer, given: readonly string[]) => void;

/** A command that asks the API one thing and shows the answer: data on stdout, talk on stderr, `--json` for the answer as it is. */
export function addCommand<Options extends object, Answer>(parent: Command, name: string, { does, takes = [], options = (command) => command, ask }: Asked<Options, Answer>, show: Show<Answer>): void {
  const command = takes.reduce((made, [argument, says]) => made.argument(argument, says), parent.command(name)).description(does);
  options(command).option('--json', 'print the API\'s answer').action(async (...parts: unknown[]) => {
    const given = parts.slice(0, takes.length).map((part) => (typeof part === 'string' ? part : ''));
    const chosen = command.opts<Options & { json?: boolean }>();
    const answer = await ask(new ApiClient(readConfig()), given, chosen);
    if (chosen.json === true) printJson(answer ?? {});
    else show(answer, given);
  });
}

/** Shows a list as a table, by the names of its columns. */
export function table<Row>(columns: Readonly<Record<string, (row: Row) => string | number | boolean | null | undefined>>): (answer: { items: readonly Row[] }) => void {
  return ({ items }) => printTable(Object.keys(columns), items.map((row) => Object.values(columns).map((cell) => String(cell(row) ?? ''))));
}

/** Says that something was done. */
export function told<Answer>(text: (answer: Answer, given: readonly string[]) => string): (answer: Answer, given: readonly string[]) => void {
  return (answer, given) => say(text(answer, given));
}

/** A value that the server gives out once: alone on stdout, so that it can be piped to where it is kept. What it is goes to stderr. */
export function shownOnce<Answer>(value: (answer: Answer) => string, text: (answer: Answer) => string): (answer: Answer) => void {
  return (answer) => {
    say(`${text(answer)} It is shown this one time.`);
    process.stdout.write(`${value(answer)}\n`);
  };
}

/** Why something is done, asked of every command that is told with its reason. */
export function withReason(command: Command): Command {
  return command.requiredOption('--reason <text>', 'why; it is kept with what is done');
}
