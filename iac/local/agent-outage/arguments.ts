import { parseArgs } from 'node:util';
import { OutageError } from './errors.ts';

export interface OutageOptions {
  /** What the agent has to tell when the cable is plugged in again. */
  readonly entries: number;
  /** Of these, one in five falls while it delivers. */
  readonly kills: number;
  /** Of the cell's answers to deliveries. */
  readonly lost_percent: number;
  readonly seed: string;
  readonly json: boolean;
}

export const USAGE = `Usage: npm run agent-outage -- [--entries N] [--kills N] [--lost-percent P] [--seed S] [--json]

The cable between an agent and its cell is pulled for an hour of virtual time, in which the agent has N entries (default 10000) to tell and is ended by
kill -9 again and again (default 50 times); then it delivers, and loses P percent of the answers (default 5). After that the same on a disk of 24 MiB
that somebody else fills. Ends with 0 when the cell's database holds everything the agent said it wrote: once, in order, with a whole chain.`;

const DEFAULTS = { entries: 10_000, kills: 50, 'lost-percent': 5 } as const;

/** Null asks for the usage. @throws OutageError `arguments_invalid` */
export function readArguments(argv: readonly string[]): OutageOptions | null {
  const { values } = parsed(argv);
  if (values.help === true) return null;
  const whole = (name: keyof typeof DEFAULTS, least: number, most: number): number => {
    const value = Number(values[name] ?? DEFAULTS[name]);
    if (!Number.isInteger(value) || value < least || value > most) throw new OutageError('arguments_invalid', `--${name} takes a whole number from ${least} to ${most}.`);
    return value;
  };
  return { entries: whole('entries', 100, 100_000), kills: whole('kills', 0, 1_000), lost_percent: whole('lost-percent', 0, 90), seed: values.seed ?? 'outage', json: values.json === true };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: { entries: { type: 'string' }, kills: { type: 'string' }, 'lost-percent': { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  } catch (error) {
    throw new OutageError('arguments_invalid', error instanceof Error ? error.message : String(error));
  }
}
