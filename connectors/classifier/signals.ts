import { SIGNALS } from './calibration.ts';
import type { Neighbour } from './neighbours.ts';

/** Keeps a few distant neighbours from speaking as loudly as many near ones. */
const VOTE_DAMPING = 0.2;

/** What is known of a ticket before one label is decided. */
export interface Evidence {
  /** Linear score per class. */
  readonly scores: ArrayLike<number>;
  readonly neighbours: readonly Neighbour[];
  /** Class number of each training ticket, -1 where unknown. */
  readonly ticketClasses: Int32Array;
  readonly logPriors: Float64Array;
}

/** Lays the four signals of calibration.ts out per class. */
export function layOutSignals({ scores, neighbours, ticketClasses, logPriors }: Evidence): Float32Array {
  const classes = logPriors.length;
  const signals = new Float32Array(classes * SIGNALS);
  let votes = VOTE_DAMPING;
  for (const { ticket, similarity } of neighbours) {
    const k = ticketClasses[ticket]!;
    if (k < 0) continue;
    const vote = similarity * similarity;
    votes += vote;
    signals[k * SIGNALS + 1]! += vote;
    if (similarity > signals[k * SIGNALS + 2]!) signals[k * SIGNALS + 2] = similarity;
  }
  for (let k = 0; k < classes; k++) {
    signals[k * SIGNALS] = scores[k]!;
    signals[k * SIGNALS + 1]! /= votes;
    signals[k * SIGNALS + 3] = logPriors[k]!;
  }
  return signals;
}
