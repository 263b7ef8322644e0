/**
 * `npm run bench -- policy [--json] [--quick]`: what a decision costs through the whole decision point (canonical input, digest, schema,
 * pool, result checked), next to bare opa-wasm on the same policy, data and inputs, in turns in one run.
 */
import { parseArgs } from 'node:util';
import { measurePolicy } from './measure.ts';
import { asText } from './report.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const figures = await measurePolicy(values.quick === true ? { rounds: 3, decisions: 500 } : { rounds: 15, decisions: 2_000 });
process.stdout.write(values.json === true ? `${JSON.stringify(figures, null, 2)}\n` : asText(figures));
process.exitCode = figures.every(({ same_answers }) => same_answers) ? 0 : 1;
