/**
 * `npm run bench -- growth [--json] [--runs 1000000] [--queued 100000] [--steps 2] [--rounds 12]`: how long claims take and how many runs are
 * done per second with that many finished and queued runs in the tables, next to a database that has none of them. Exit code 1 where either is
 * a fifth worse, or a claim reads a whole table.
 */
import { parseArgs } from 'node:util';
import { measureGrowth } from './measure.ts';
import { asText, withinTolerance } from './report.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, runs: { type: 'string', default: '1000000' }, queued: { type: 'string', default: '100000' }, steps: { type: 'string', default: '2' }, rounds: { type: 'string', default: '12' } } });
const figures = await measureGrowth({ finished: Number(values.runs), queued: Number(values.queued), stepsPerRun: Number(values.steps), rounds: Number(values.rounds) });
process.stdout.write(values.json === true ? `${JSON.stringify({ within_tolerance: withinTolerance(figures), ...figures }, null, 2)}\n` : asText(figures));
if (!withinTolerance(figures)) process.exitCode = 1;
