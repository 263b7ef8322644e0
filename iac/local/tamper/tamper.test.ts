import { expect, it } from 'vitest';
import { SampleStatement } from '@countersign/cli/evidence/testing/sample-statement.ts';
import { samplePackage } from '@countersign/cli/evidence/testing/sample-package.ts';
import { PACKAGE_KINDS } from '@countersign/contracts/evidence/statement.ts';
import { tamperWithEvidence } from './evidence-corpora.ts';
import { count, randomOf, tally } from './tally.ts';

it('finds out every alteration of evidence that was made by hand, and would name one that it missed', () => {
  const sample = new SampleStatement();
  const first = sample.seal();
  sample.parts.otherEvents = 4;
  const second = sample.seal();
  const packages = PACKAGE_KINDS.map((kind) => samplePackage(kind, [], sample).seal());
  const corpora = tamperWithEvidence({ bundles: [first, second], packages, keys: sample.keys }, { archive_bits: 200, file_bits: 200, envelope_bits: 100 }, randomOf(7));
  expect(corpora.filter(({ missed }) => missed.length > 0)).toEqual([]);
  expect(corpora.every(({ tried, detected }) => tried > 0 && tried === detected)).toBe(true);

  const found = tally('one that was missed');
  count(found, false, () => 'bit 1');
  expect(found).toEqual({ corpus: 'one that was missed', tried: 1, detected: 0, missed: ['bit 1'] });
});

it('does the same again for the same seed', () => {
  const [a, b] = [randomOf(1), randomOf(1)];
  const numbers = Array.from({ length: 50 }, () => a(1_000));
  expect(numbers).toEqual(Array.from({ length: 50 }, () => b(1_000)));
  expect(new Set(numbers).size).toBeGreaterThan(40);
});
