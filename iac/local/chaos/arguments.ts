import { parseArgs } from 'node:util';
import { ChaosError } from './errors.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly runs: number;
  readonly workers: number;
  readonly kills: number;
  readonly pauses: number;
  readonly postgres_crashes: number;
  readonly lease_ms: number;
  /** How workers hear of work; `sqs`: by a queue that doubles, reorders, delays and redelivers on purpose. */
  readonly queue: 'postgres' | 'sqs';
  /** Runs under way at once. */
  readonly in_flight: number;
  readonly json: boolean;
  /** Leaves the folder with logs, history and journal behind. */
  readonly keep: boolean;
}

export const USAGE = `Usage: npm run chaos -- [--runs N] [--kills N] [--pauses N] [--postgres-crashes N] [--workers N] [--seed N] [--lease-ms N] [--in-flight N]
       [--queue postgres|sqs] [--json] [--keep]

Runs N workflows (default 200) on four worker processes over a PostgreSQL of its own and a system of record behind a real socket, while it
kills (default 20) or stops workers and PostgreSQL at moments that the seed chooses. Then another program reads the history, the audit and
the peer's own journal, and counts what is lost, stuck, done twice or done without an intent. Ends with 0 when all of that is zero.
--queue sqs lets workers hear of work by a queue that doubles, reorders, delays and redelivers. --keep leaves its folder behind and says where.`;

const NUMBERS = { seed: [0, 4_294_967_295], runs: [1, 100_000], kills: [0, 10_000], pauses: [0, 10_000], 'postgres-crashes': [0, 1_000], workers: [2, 16], 'lease-ms': [300, 60_000], 'in-flight': [1, 1_000] } as const;
const DEFAULTS: Readonly<Record<keyof typeof NUMBERS, number>> = { seed: 1, runs: 200, kills: 20, pauses: 0, 'postgres-crashes': 0, workers: 4, 'lease-ms': 2_000, 'in-flight': 24 };

/** Reads the command line; null asks for the usage. @throws ChaosError `arguments_invalid` naming the flag */
export function readArguments(argv: readonly string[]): ChaosOptions | null {
  const flags = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: 'string' as const }]));
  const { values } = parsed(argv, flags);
  if (values['help'] === true) return null;
  const number = (name: keyof typeof NUMBERS): number => {
    const [least, most] = NUMBERS[name];
    const given = values[name];
    const value = given === undefined ? DEFAULTS[name] : /^\d{1,10}$/.test(String(given)) ? Number(given) : Number.NaN;
    if (!(value >= least && value <= most)) throw new ChaosError('arguments_invalid', `--${name} takes a whole number from ${least} to ${most}.`);
    return value;
  };
  const queue = values['queue'] ?? 'postgres';
  if (queue !== 'postgres' && queue !== 'sqs') throw new ChaosError('arguments_invalid', '--queue takes postgres or sqs.');
  return {
    queue, seed: number('seed'), runs: number('runs'), workers: number('workers'), kills: number('kills'), pauses: number('pauses'), postgres_crashes: number('postgres-crashes'),
    lease_ms: number('lease-ms'), in_flight: number('in-flight'), json: values['json'] === true, keep: values['keep'] === true,
  };
}

function parsed(argv: readonly string[], flags: Record<string, { type: 'string' }>): { values: Record<string, unknown> } {
  try {
    return parseArgs({ args: [...argv], options: { ...flags, queue: { type: 'string' }, json: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } } });
  } catch (error) {
    throw new ChaosError('arguments_invalid', error instanceof Error ? error.message : String(error));
  }
}
