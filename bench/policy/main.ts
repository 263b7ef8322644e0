/**
 * `npm run bench -- policy [--json] [--quick]`: what a decision costs through the whole decision point (canonical input, digest, schema,
 * pool, result checked), next to bare opa-wasm on the same policy, data and inputs, in turns in one run; then what the API's own authorisation
 * costs a request.
 */
import { parseArgs } from 'node:util';
import { measureApi } from './measure-api.ts';
import { measurePolicy } from './measure.ts';
import { apiAsText, asText } from './report.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const extent = values.quick === true ? { rounds: 3, decisions: 500 } : { rounds: 15, decisions: 2_000 };
const figures = { calls: await measurePolicy(extent), api: await measureApi(extent) };
process.stdout.write(values.json === true ? `${JSON.stringify(figures, null, 2)}\n` : `${asText(figures.calls)}\n${apiAsText(figures.api)}`);
process.exitCode = [...figures.calls, figures.api].every(({ same_answers }) => same_answers) ? 0 : 1;
