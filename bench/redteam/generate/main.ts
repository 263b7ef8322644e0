/**
 * Writes the shipped cases: `node bench/redteam/generate/main.ts`. Both sets come from templates of ours and a seed each; the honest one
 * was written without looking at what the attacks meet.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attackCases } from './attacks.ts';
import { legitimateCases } from './honest.ts';

const CASES = join(import.meta.dirname, '..', 'cases');

for (const [name, cases] of [['attack.jsonl', attackCases(20_260_101)], ['legitimate.jsonl', legitimateCases(20_260_102)]] as const) {
  await writeFile(join(CASES, name), cases.map((line) => `${JSON.stringify(line)}\n`).join(''));
  process.stdout.write(`${name}: ${cases.length} cases\n`);
}
