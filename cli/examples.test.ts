import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { EXAMPLES } from './examples.ts';
import { countersignProgram } from './program.ts';

/** Programs of their own, which print for whoever makes a connector. */
const AUTHORS_TOOL = ['connector new', 'connector test', 'connector key', 'connector pack'];

/** Every command that does something, by its whole name. */
function commandsOf(command: Command, above = ''): Array<readonly [string, Command]> {
  const name = `${above} ${command.name()}`.trim();
  const below = command.commands.flatMap((child) => commandsOf(child, name));
  return below.length === 0 || name === 'keys' ? [[name, command], ...below] : below;
}

const COMMANDS = countersignProgram().commands.flatMap((command) => commandsOf(command));

it('every command has an example, and none is of a command that is gone', () => {
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(COMMANDS.map(([name]) => name).toSorted());
});

it('every command takes --json, and says what it does', () => {
  const without = COMMANDS.filter(([, { options }]) => !options.some(({ long }) => long === '--json')).map(([name]) => name);
  expect(without.toSorted()).toEqual(AUTHORS_TOOL.toSorted());
  for (const [name, command] of COMMANDS) expect(command.description(), name).not.toBe('');
});

it('no command takes a secret as an option or an argument: they come by file, stdin or environment', () => {
  const names = COMMANDS.flatMap(([name, { options, registeredArguments }]) => [...options.map(({ long }) => `${name} ${long ?? ''}`), ...registeredArguments.map((argument) => `${name} ${argument.name()}`)]);
  expect(names.filter((name) => /(?:secret|password|token|value)$/.test(name))).toEqual([]);
});

it.each(Object.entries(EXAMPLES))('the examples of `%s` are parsed, and stand in its help', async (name, examples) => {
  for (const example of examples) {
    expect(await parsed(example), example).toBe(name);
    expect(helpOf(name)).toContain(`countersign ${example}`);
  }
});

/** The command that an example leads to; nothing is carried out. */
async function parsed(example: string): Promise<string> {
  const program = countersignProgram();
  let reached = '';
  for (const command of program.commands) {
    for (const [name, one] of commandsOf(command)) one.exitOverride().action(() => { reached = name; });
  }
  await program.exitOverride().parseAsync(wordsOf(example), { from: 'user' });
  return reached;
}

/** As a shell would take it apart. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map(([whole, single, double]) => single ?? double ?? whole);
}

it('what a shell would make something else of is quoted', () => {
  for (const example of Object.values(EXAMPLES).flat()) expect(example.replace(/'[^']*'|"[^"]*"/g, ''), example).not.toMatch(/[*{}$;&|<>()!~`]/);
});

function helpOf(name: string): string {
  const [, command] = COMMANDS.find(([one]) => one === name)!;
  let help = '';
  command.configureOutput({ writeOut: (text) => { help += text; } }).outputHelp();
  return help;
}
