import { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import type { ChaosOptions } from './arguments.ts';

/**
 * Something that is done to the cell at a moment that the seed chose. Moments are counted in requests that the peer was sent, so that they
 * fall where work is under way however fast the machine is.
 */
export interface Strike {
  readonly id: number;
  /** From this request on. */
  readonly from_request: number;
  readonly does: 'kill' | 'pause' | 'crash_postgres';
  /**
   * `sent`: to the worker whose effect has just happened, before the answer leaves the peer; `sending`: to the worker whose effect is about
   * to happen, and happens all the same; `anywhere`: to any worker, whatever it does.
   */
  readonly where: 'sent' | 'sending' | 'anywhere';
  /** After that moment, for `anywhere`. */
  readonly delay_ms: number;
}

/** Of kills and pauses, so many in ten fall between an effect and its outcome, and so many right before an effect. */
const SENT_IN_TEN = 4;
const SENDING_IN_TEN = 2;
/** Of the requests that the runs make at least; strikes fall into this share of them, so that the last ones still meet work. */
const BUSY_SHARE = 0.9;
const LONGEST_DELAY_MS = 40;

/** The strikes of a seed, in order. @param requests that the runs make at least */
export function planStrikes(options: Pick<ChaosOptions, 'seed' | 'kills' | 'pauses' | 'postgres_crashes'>, requests: number): Strike[] {
  const random = new Seeded(options.seed, 'strikes');
  const moments = (count: number): number[] => Array.from({ length: count }, () => 1 + random.below(Math.floor(requests * BUSY_SHARE)));
  const aimed = (does: 'kill' | 'pause', count: number) => moments(count).map((from_request, i) => ({ does, from_request, where: whereOf(i), delay_ms: random.below(LONGEST_DELAY_MS) }));
  const crashes = moments(options.postgres_crashes).map((from_request) => ({ does: 'crash_postgres' as const, from_request, where: 'anywhere' as const, delay_ms: random.below(LONGEST_DELAY_MS) }));
  return [...aimed('kill', options.kills), ...aimed('pause', options.pauses), ...crashes]
    .sort((a, b) => a.from_request - b.from_request)
    .map((strike, id) => ({ id, ...strike }));
}

function whereOf(i: number): Strike['where'] {
  const place = i % 10;
  if (place < SENT_IN_TEN) return 'sent';
  return place < SENT_IN_TEN + SENDING_IN_TEN ? 'sending' : 'anywhere';
}
