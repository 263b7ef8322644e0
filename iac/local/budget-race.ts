import { parseArgs } from 'node:util';
import { holds, raceForBudget } from './budget-race/race.ts';

const USAGE = `Usage: npm run budget-race -- [--callers N] [--room N] [--processes N] [--json]

Lets N callers (default 64) spend from one budget at the same moment, each a metered call through a gateway, spread over processes
(default 4) with connection pools of their own, on a PostgreSQL of its own. The budget has room for --room of them (default 10). The same
race without a limit shows that they would have overspent. Ends with 0 when exactly as many got through as there was room for, nothing was
overspent, nothing is left reserved, and the books agree with the cost lines.
With --json the figures are one object on stdout: npm run --silent budget-race -- --json`;

/** `npm run budget-race` */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { callers: { type: 'string' }, room: { type: 'string' }, processes: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  const [callers, room, processes] = [Number(values.callers ?? 64), Number(values.room ?? 10), Number(values.processes ?? 4)];
  const wrong = [callers, room, processes].some((count) => !Number.isInteger(count) || count < 1 || count > 1_000) || room >= callers || processes > 32;
  if (values.help === true || wrong) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const figures = await raceForBudget({ callers, room, processes });
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(26)} ${String(value)}\n`);
  return holds(figures) ? 0 : 1;
}

process.exit(await main());
