import { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';

/** What the peer does with one request. The same request of the same seed meets the same fault, in whatever order requests come. */
export interface Fate {
  readonly latency_ms: number;
  readonly fault: 'none' | 'busy' | 'broken_before' | 'broken_after' | 'answer_lost';
}

const MEDIAN_LATENCY_MS = 4;
/** One request in fifty takes long. */
const SLOW_SHARE = 0.02;
const SLOW_MS = 250;
const SHARES: ReadonlyArray<readonly [Fate['fault'], number]> = [['busy', 0.02], ['broken_before', 0.02], ['broken_after', 0.015], ['answer_lost', 0.02]];

/** @param nth of the requests with this name, from 1: a retry meets a fate of its own */
export function fateOf(seed: number, name: string, nth: number): Fate {
  const random = new Seeded(seed, 'fate', name, nth);
  const latency_ms = random.chance(SLOW_SHARE) ? SLOW_MS : Math.floor(random.next() * MEDIAN_LATENCY_MS * 2);
  let left = random.next();
  for (const [fault, share] of SHARES) {
    if (left < share) return { latency_ms, fault };
    left -= share;
  }
  return { latency_ms, fault: 'none' };
}
