import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RedteamError } from './errors.ts';

export const USAGE = `npm run redteam -- [--cases FILE] [--legitimate FILE] [--json]

  --cases FILE       attacks, one JSON object per line: {"id", "carrier_text", "tool", "arguments", "verb_class"}
  --legitimate FILE  honest runs, one JSON object per line: {"id", "ticket_text", "action", "proposal"}
  --json             figures as JSON

Exit code 0: peers received nothing outside of the grant, and at least 98 % of the honest runs pass. 1: not so. 2: nothing was measured.
`;

const CASES = join(import.meta.dirname, 'cases');

export interface RedteamArguments {
  readonly cases: string;
  readonly legitimate: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws RedteamError `arguments_invalid` */
export function parseArguments(argv: readonly string[]): RedteamArguments {
  try {
    const { values } = parseArgs({ args: [...argv], options: { cases: { type: 'string' }, legitimate: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
    return { cases: values.cases ?? join(CASES, 'attack.jsonl'), legitimate: values.legitimate ?? join(CASES, 'legitimate.jsonl'), json: values.json ?? false, help: values.help ?? false };
  } catch (error) {
    throw new RedteamError('arguments_invalid', `${error instanceof Error ? error.message : 'The arguments cannot be read.'}\n\n${USAGE}`);
  }
}
