import { parseArgs } from 'node:util';
import { measureReplay } from './measure.ts';

const USAGE = `Usage: npm run bench -- replay [--decisions N] [--json]

Fills a database of its own with N decisions (default 100,000) that the shipped policy made on generated inputs, each sealed as workers seal
it; replays a stricter policy over them as the control plane does, in its thread; and prints how long that took and what it reports.`;

/** `npm run bench -- replay` */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { decisions: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  const decisions = Number(values.decisions ?? 100_000);
  if (values.help === true || !Number.isInteger(decisions) || decisions < 1_000 || decisions % 1_000 !== 0) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const figures = await measureReplay(decisions, say);
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  return figures.report.figures.replayed === decisions ? 0 : 1;
}

process.exit(await main());
