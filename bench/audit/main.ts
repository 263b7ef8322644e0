/**
 * `npm run bench -- audit [--json] [--quick]`: audit events sealed per second on 1 and 32 chains, next to plain inserts of the same events, in turns
 * in one run; how long after its commit an event is sealed; what sealing adds to a step of the engine; and how long a chain of a million events takes
 * to verify. Exit code 1 where sealing is less than 60 % of plain inserts, or a verification takes a minute or more.
 */
import { parseArgs } from 'node:util';
import { measureAudit } from './measure.ts';
import { asText, meetsAim } from './report.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const figures = await measureAudit(values.quick === true ? { rounds: 1, events: 20_000, latencies: 50, steps_ms: 1_500, verified: 20_000 } : { rounds: 5, events: 60_000, latencies: 200, steps_ms: 5_000, verified: 1_000_000 });
process.stdout.write(values.json === true ? `${JSON.stringify({ meets_aim: meetsAim(figures), ...figures }, null, 2)}\n` : asText(figures));
process.exitCode = meetsAim(figures) ? 0 : 1;
