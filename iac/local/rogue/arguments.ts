import { parseArgs } from 'node:util';
import { RogueError } from './errors.ts';

export interface RogueOptions {
  /** Of the agent; null: from its source, by Node. */
  readonly binary: string | null;
  readonly json: boolean;
}

export const USAGE = `Usage: npm run rogue -- [--binary FILE] [--json]

An agent, and a control plane that has gone bad: it holds the cell's certificate authority, so its TLS is good, and in most cases the keys that sign
orders and policy, too. It asks for what it must not, and a ServiceNow of its own counts who comes. Ends with 0 when every one is refused for the
reason that is expected, told in an entry and in the log, without a single call; and when two good orders, one before and one after, are carried out.

  --binary FILE   the agent as it is installed (npm run build:agent); else it is started from source`;

/** Null asks for the usage. @throws RogueError `arguments_invalid` */
export function readArguments(argv: readonly string[]): RogueOptions | null {
  const { values } = parsed(argv);
  return values.help === true ? null : { binary: values.binary ?? null, json: values.json === true };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: { binary: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  } catch (error) {
    throw new RogueError('arguments_invalid', error instanceof Error ? error.message : String(error));
  }
}
