/**
 * `npm run tamper -- [--tickets N] [--seed N] [--json]`: lets tickets go through a cell of its own, alters what it exported in every way that we can
 * think of, and looks whether the offline verifiers find each of them out; then gives them exports that were not altered. Exit code 1 for anything
 * that was missed, and for a false alarm.
 */
import { parseArgs } from 'node:util';
import { verifyEvidence } from '@countersign/cli/evidence/verify.ts';
import { tamperWithAudit } from './audit-corpora.ts';
import { verifyCleanExports } from './clean-exports.ts';
import { TamperError } from './errors.ts';
import { tamperWithEvidence } from './evidence-corpora.ts';
import { gatherMaterial } from './material.ts';
import type { Material } from './material.ts';
import { replaceChain } from './replaced-chain.ts';
import { randomOf } from './tally.ts';

const EXTENT = { archive_bits: 12_000, file_bits: 14_000, envelope_bits: 2_000 };
const AUDIT_BITS = 2_500;
const CLEAN = 1_000;

const { values } = parseArgs({ options: { tickets: { type: 'string', default: '8' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean' } } });
const [tickets, seed] = [Number(values.tickets), Number(values.seed)];
const say = (line: string): void => { process.stderr.write(`${line}\n`); };

if (!Number.isInteger(tickets) || tickets < 2 || tickets > 50 || !Number.isInteger(seed)) throw new TamperError('tamper_arguments_invalid', '--tickets takes a number from 2 to 50, --seed any whole number.');
const material = await gatherMaterial(tickets, say);
const random = randomOf(seed);
say(`${material.bundles.length} bundles, ${material.packages.length} packages of other kinds, ${material.audit.lines.length} audit events under ${material.audit.notes.length} checkpoints: altering them.`);
const corpora = [...tamperWithEvidence(material, EXTENT, random), ...await tamperWithAudit(material, AUDIT_BITS, random)];
const clean = await verifyCleanExports(material, CLEAN, seed);
const replaced = await replaceChain(material.audit);

const [tried, detected] = [corpora.reduce((sum, one) => sum + one.tried, 0), corpora.reduce((sum, one) => sum + one.detected, 0)];
const report = { seed, bundles: material.bundles.length, kinds: kindsOf(material), tried, detected, missed: tried - detected, corpora, clean_exports: clean.exports, false_alarms: clean.false_alarms.length, alarms: clean.false_alarms, whole_chain_replaced: replaced };
if (values.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  for (const { corpus, ...one } of corpora) process.stdout.write(`${String(one.tried).padStart(7)} ${String(one.detected).padStart(7)}  ${corpus}${one.missed.length === 0 ? '' : `  MISSED: ${one.missed.join('; ')}`}\n`);
  process.stdout.write(`${String(tried).padStart(7)} ${String(detected).padStart(7)}  in all; ${clean.false_alarms.length} false alarms in ${clean.exports} clean exports; evidence of ${report.kinds.join(', ')}\nThe whole chain replaced and signed with the live key: ${JSON.stringify(replaced)}\n`);
}
const isWhole = tried === detected && clean.false_alarms.length === 0 && replaced.witness_refused && replaced.detected_with_witness && replaced.true_chain_verified_with_witness;
process.exitCode = isWhole ? 0 : 1;

/** What the evidence is of, by the verifier that says so of the unaltered. */
function kindsOf({ bundles, packages, keys }: Material): string[] {
  return [...new Set([...bundles, ...packages].map((bytes) => verifyEvidence(bytes, { trustedKeys: keys }).kind))];
}
