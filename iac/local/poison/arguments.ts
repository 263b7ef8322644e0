import { parseArgs } from 'node:util';
import { PoisonError } from './errors.ts';

export interface PoisonOptions {
  readonly bad: number;
  readonly good: number;
  readonly json: boolean;
}

export const USAGE = `Usage: npm run poison -- [--bad N] [--good N] [--json]

Sends N bad (default 500) among N good (default 5000) into a cell of its own, by every way in: signed webhooks, deliveries, tickets of the
system of record, messages of the queue. Ends with 0 when all good ones finish, every bad one is refused, dropped, dead with a reason or made harmless, and
none was tried more often than its limit.`;

/** Null asks for the usage. @throws PoisonError `arguments_invalid` */
export function readArguments(argv: readonly string[]): PoisonOptions | null {
  const { values } = parsed(argv);
  if (values.help === true) return null;
  const count = (name: 'bad' | 'good', otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 1 || value > 100_000) throw new PoisonError('arguments_invalid', `--${name} takes a whole number from 1 to 100000.`);
    return value;
  };
  return { bad: count('bad', 500), good: count('good', 5_000), json: values.json === true };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: { bad: { type: 'string' }, good: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  } catch (error) {
    throw new PoisonError('arguments_invalid', error instanceof Error ? error.message : String(error));
  }
}
