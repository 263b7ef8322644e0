/**
 * `npm run bench -- fairness [--json] [--queued 100000] [--fresh 200] [--limit 8] [--workers 1]`: how long fresh runs of one tenant wait while
 * another has that many queued, in claims in between and in milliseconds, next to the same without the backlog. Exit code 1 where any waited
 * for more than one claim of each worker.
 */
import { parseArgs } from 'node:util';
import { asText, isFair, measureFairness } from './measure.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, queued: { type: 'string', default: '100000' }, fresh: { type: 'string', default: '200' }, limit: { type: 'string', default: '8' }, workers: { type: 'string', default: '2' } } });
const figures = await measureFairness({ queued: Number(values.queued), fresh: Number(values.fresh), limit: Number(values.limit), workers: Number(values.workers) });
process.stdout.write(values.json === true ? `${JSON.stringify({ fair: isFair(figures), ...figures }, null, 2)}\n` : asText(figures));
if (!isFair(figures)) process.exitCode = 1;
