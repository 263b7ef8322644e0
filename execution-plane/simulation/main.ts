import { parseArgs } from 'node:util';
import { FLAWS } from './flaws.ts';
import type { Flaw } from './flaws.ts';
import { simulate } from './simulate.ts';

const USAGE = `Usage: npm run simulate-engine -- [--seeds N] [--from N] [--seed N] [--flaw NAME] [--json]

Simulates scheduler, leases, retries and queue in virtual time for N seeds (default 1000, from 1) and ends with 0 when no invariant broke.
--seed N runs one seed again, and tells everything that happens in it. --flaw leaves a rule out, to see it noticed:
${Object.entries(FLAWS).map(([name, what]) => `  ${name.padEnd(24)} ${what}`).join('\n')}`;

const FAILURES_SHOWN = 10;

/** `npm run simulate-engine` */
function main(): number {
  const { values } = parseArgs({ options: { seeds: { type: 'string' }, from: { type: 'string' }, seed: { type: 'string' }, flaw: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  const [seeds, from, seed] = [Number(values.seeds ?? 1_000), Number(values.from ?? 1), values.seed === undefined ? null : Number(values.seed)];
  const known = values.flaw === undefined || values.flaw in FLAWS;
  if (values.help === true || !known || ![seeds, from, seed ?? 0].every(Number.isSafeInteger)) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const flaws = new Set(values.flaw === undefined ? [] : [values.flaw as Flaw]);
  return seed === null ? many(from, seeds, flaws, values.json === true) : one(seed, flaws, values.json === true);
}

function one(seed: number, flaws: ReadonlySet<Flaw>, json: boolean): number {
  const result = simulate(seed, flaws, (line) => { if (!json) process.stdout.write(`${line}\n`); });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.broken === null ? 0 : 1;
}

function many(from: number, count: number, flaws: ReadonlySet<Flaw>, json: boolean): number {
  const began = performance.now();
  const results = Array.from({ length: count }, (_, i) => simulate(from + i, flaws));
  const failed = results.filter((result) => result.broken !== null);
  const sum = (of: 'events' | 'claims' | 'effects' | 'takeovers' | 'virtual_ms'): number => results.reduce((total, result) => total + result[of], 0);
  const figures = {
    seeds: count, from, failed: failed.length, events: sum('events'), claims: sum('claims'), effects: sum('effects'), takeovers: sum('takeovers'), virtual_hours: Math.round(sum('virtual_ms') / 36_000) / 100,
    took_ms: Math.round(performance.now() - began), failures: failed.slice(0, FAILURES_SHOWN).map(({ seed, broken }) => ({ seed, broken })),
  };
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(16)} ${typeof value === 'number' ? value : JSON.stringify(value, null, 1)}\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exit(main());
