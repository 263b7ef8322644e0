import { describe, expect, it } from 'vitest';
import type { TopOutcome } from './calibration.ts';
import { calibrateTop, fitStacking, fitTopCalibration, softmax, stackProbabilities } from './calibration.ts';
import { createRandom } from './random.ts';
import { SIGNALS } from './signals.ts';

/** Outcomes of a scorer that says `said` and is right with probability `truth(said)`. */
function draw(count: number, truth: (said: number) => number): TopOutcome[] {
  const random = createRandom(3);
  return Array.from({ length: count }, () => {
    const probability = 0.2 + 0.79 * random();
    return { probability, right: random() < truth(probability) };
  });
}

describe('beta calibration', () => {
  it('brings an overconfident scorer down and leaves an honest one alone', () => {
    const overconfident = fitTopCalibration(draw(5_000, (said) => said * 0.8));
    const honest = fitTopCalibration(draw(5_000, (said) => said));
    for (const said of [0.3, 0.6, 0.9]) {
      expect(calibrateTop(said, overconfident)).toBeCloseTo(said * 0.8, 1);
      expect(Math.abs(calibrateTop(said, honest) - said)).toBeLessThan(0.03);
    }
  });

  it('never ranks a surer prediction below a less sure one, even of a scorer that is wrong when it is sure', () => {
    const calibration = fitTopCalibration(draw(2_000, (said) => 1 - said));
    const mapped = [0.2, 0.4, 0.6, 0.8, 0.99].map((said) => calibrateTop(said, calibration));
    expect(mapped).toEqual(mapped.toSorted((a, b) => a - b));
  });

  it('stays within 0 and 1 at the ends', () => {
    const calibration = fitTopCalibration(draw(500, (said) => said));
    expect(calibrateTop(0, calibration)).toBeGreaterThanOrEqual(0);
    expect(calibrateTop(1, calibration)).toBeLessThanOrEqual(1);
  });
});

describe('stacking', () => {
  it('trusts the signal that is right and not the one that is noise', () => {
    const random = createRandom(1);
    const samples = Array.from({ length: 2_000 }, () => {
      const target = Math.floor(random() * 4);
      const signals = new Float32Array(4 * SIGNALS);
      for (let k = 0; k < 4; k++) {
        signals[k * SIGNALS] = random() * 2 - 1;
        signals[k * SIGNALS + 2] = (k === target ? 0.6 : 0) + random();
      }
      return { signals, target };
    });
    const stacking = fitStacking(samples, 4);
    expect(Math.abs(stacking[0]!)).toBeLessThan(0.3);
    expect(stacking[2]!).toBeGreaterThan(2);
    const probabilities = new Float64Array(4);
    const right = samples.filter(({ signals, target }) => {
      stackProbabilities(signals, stacking, probabilities);
      return probabilities.indexOf(Math.max(...probabilities)) === target;
    });
    expect(right.length / samples.length).toBeGreaterThan(0.6);
  });

  it('survives logits that overflow exp', () => {
    const logits = Float64Array.from([2_000, 1_999, -2_000]);
    softmax(logits);
    expect(logits[0]! + logits[1]! + logits[2]!).toBeCloseTo(1);
    expect(logits[0]!).toBeGreaterThan(logits[1]!);
  });
});
