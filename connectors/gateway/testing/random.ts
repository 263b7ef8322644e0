import type { Json } from '../../sdk/connector.ts';

export interface Random {
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  /** A value at most so deep. */
  json(depth: number): Json;
  pick<T>(from: readonly T[]): T;
}

/** The same numbers for the same seed on every machine (mulberry32), so that a failing property fails again. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const name = (): string => pick(['a', 'b', 'note', 'x/y', 'c~d', '', '0', '-', 'items']);
  const json = (depth: number): Json => {
    const kind = below(depth > 0 ? 8 : 5);
    if (kind === 0) return below(100);
    if (kind === 1) return below(1_000) / 10;
    if (kind === 2) return pick(['text', '', '[redacted by policy]', 'ünï']);
    if (kind === 3) return pick([true, false]);
    if (kind === 4) return null;
    if (kind === 5) return Array.from({ length: below(4) }, () => json(depth - 1));
    return Object.fromEntries(Array.from({ length: below(4) }, () => [name(), json(depth - 1)]));
  };
  return { below, json, pick };
}
