import { describe, expect, it } from 'vitest';
import type { LabelPrediction } from '../model.ts';
import { createRandom } from '../random.ts';
import { accuracy, expectedCalibrationError, macroF1, top3 } from './metrics.ts';
import { chooseThreshold, wilsonLowerBound } from './threshold.ts';

function said(value: string, ...others: string[]): LabelPrediction {
  return { value, confidence: 0.5, top: [value, ...others].map((name) => ({ value: name, confidence: 0.5 })), labelled_count: 1, mode: 'suggest' };
}

describe('metrics, against figures worked out by hand', () => {
  const judged = [
    { said: said('a', 'b'), truth: 'a' },
    { said: said('a', 'c'), truth: 'a' },
    { said: said('a', 'b'), truth: 'b' },
    { said: said('z', 'a'), truth: 'c' },
  ];

  it('accuracy and top-3', () => {
    expect(accuracy(judged)).toBe(0.5);
    expect(top3(judged)).toBe(0.75);
  });

  it('macro-F1 over the values of the test set', () => {
    // a: 2 hits, 2 occur, 3 predicted -> 0.8; b and c: 0; z does not occur in the test set.
    expect(macroF1(judged)).toBeCloseTo(0.8 / 3);
  });

  it('ECE', () => {
    const outcomes = [...Array.from({ length: 10 }, (_, at) => ({ confidence: 0.9, right: at < 7 })), ...Array.from({ length: 10 }, (_, at) => ({ confidence: 0.3, right: at < 3 }))];
    expect(expectedCalibrationError(outcomes)).toBeCloseTo(0.1);
    expect(expectedCalibrationError([{ confidence: 1, right: true }])).toBe(0);
  });
});

describe('the 95 % threshold', () => {
  it('uses the lower bound, not the share', () => {
    expect(wilsonLowerBound(51, 51)).toBeLessThan(0.95);
    expect(wilsonLowerBound(52, 52)).toBeGreaterThan(0.95);
    expect(wilsonLowerBound(0, 0)).toBe(0);
    expect(chooseThreshold(Array.from({ length: 100 }, (_, at) => ({ confidence: 0.9, right: at >= 5 })))).toBeUndefined();
  });

  it('is the lowest confidence that holds it, and none where none does', () => {
    const sure = Array.from({ length: 200 }, (_, at) => ({ confidence: 0.8 + at / 1_000, right: true }));
    const unsure = Array.from({ length: 200 }, (_, at) => ({ confidence: 0.2 + at / 1_000, right: at % 2 === 0 }));
    expect(chooseThreshold([...unsure, ...sure])).toBeLessThanOrEqual(0.8);
    expect(chooseThreshold([...unsure, ...sure])).toBeGreaterThan(0.35);
    expect(chooseThreshold(unsure)).toBeUndefined();
    expect(chooseThreshold([])).toBeUndefined();
  });

  it('keeps its promise on new tickets nearly always', () => {
    const random = createRandom(1);
    const draw = (count: number) => Array.from({ length: count }, () => {
      const confidence = random();
      return { confidence, right: random() < confidence ** 0.3 };
    });
    let kept = 0;
    for (let trial = 0; trial < 200; trial++) {
      const threshold = chooseThreshold(draw(600));
      const covered = threshold === undefined ? [] : draw(4_000).filter(({ confidence }) => confidence >= threshold);
      if (covered.length === 0 || covered.filter(({ right }) => right).length / covered.length >= 0.95) kept++;
    }
    expect(kept).toBeGreaterThan(160);
  });
});
