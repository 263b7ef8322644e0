import { parseArgs } from 'node:util';
import { allSubjects, compare } from './compare.ts';
import type { Agreement } from './compare.ts';

const USAGE = `Usage: npm run policy-agreement -- [--inputs N] [--seed N] [--json]

Asks our evaluation (compiled WASM) and opa eval (the sources) about the same N inputs (default 10,000) for every seeded policy, and compares
the whole decisions. Inputs are drawn from the schema of the input; the same seed draws the same ones. Says how many inputs each rule spoke on and
how many it decided. Ends with 0 when no decision differs in any word and every rule was hit; few inputs hit not all.
With --json the figures are one object on stdout: npm run --silent policy-agreement -- --json`;

/** Said of what other rules say, and so by no verdict of a layer. */
const DECIDED_ONLY = ['base/conflicting_obligations'];

/** `npm run policy-agreement` */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { inputs: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  const [count, seed] = [Number(values.inputs ?? 10_000), Number(values.seed ?? 4)];
  const wrong = !Number.isInteger(count) || count < 1 || count > 1_000_000 || !Number.isInteger(seed);
  if (values.help === true || wrong) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const results: Agreement[] = [];
  for (const subject of await allSubjects()) {
    const agreement = await compare(subject, count, seed);
    results.push(agreement);
    if (values.json !== true) print(agreement);
  }
  const unhit = rulesWithoutInput(results);
  if (unhit.length > 0) process.stderr.write(`No input hits ${unhit.join(', ')}: draw more, or mend policies/agreement/words.ts\n`);
  if (values.json === true) process.stdout.write(`${JSON.stringify({ seed, policies: results })}\n`);
  return unhit.length === 0 && results.every(({ disagreements }) => disagreements.length === 0) ? 0 : 1;
}

/** Rules that no policy's inputs made speak. */
function rulesWithoutInput(results: readonly Agreement[]): string[] {
  const spoke = new Map<string, number>();
  for (const { rules } of results) for (const [rule, hits] of Object.entries(rules)) spoke.set(rule, (spoke.get(rule) ?? 0) + hits.spoke);
  return [...spoke].filter(([rule, count]) => count === 0 && !DECIDED_ONLY.includes(rule)).map(([rule]) => rule).sort();
}

function print({ policy, inputs, disagreements, outcomes, rules }: Agreement): void {
  process.stdout.write(`${policy}: ${inputs} inputs, ${disagreements.length} decided differently\n`);
  for (const [outcome, count] of Object.entries(outcomes).sort()) process.stdout.write(`  ${outcome.padEnd(40)} ${String(count).padStart(7)}\n`);
  for (const [rule, { spoke, decided }] of Object.entries(rules).sort()) process.stdout.write(`  ${rule.padEnd(40)} ${String(spoke).padStart(7)} spoke ${String(decided).padStart(7)} decided\n`);
  const [first] = disagreements;
  if (first !== undefined) process.stdout.write(`  the first: ${JSON.stringify(first)}\n`);
}

process.exitCode = await main();
