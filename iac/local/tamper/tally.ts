/** What became of one kind of alteration. */
export interface Tally {
  readonly corpus: string;
  tried: number;
  detected: number;
  /** What was not found out, named so that it can be done again. */
  readonly missed: string[];
}

export function tally(corpus: string): Tally {
  return { corpus, tried: 0, detected: 0, missed: [] };
}

const NAMED = 20;

export function count(into: Tally, wasDetected: boolean, what: () => string): void {
  into.tried += 1;
  if (wasDetected) into.detected += 1;
  else if (into.missed.length < NAMED) into.missed.push(what());
}

/** A small generator of numbers (mulberry32), so that a run can be done again by its seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
