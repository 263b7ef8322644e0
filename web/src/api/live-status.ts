import { useSyncExternalStore } from 'react';

/** How the console hears of changes: by the event stream, or, while that is down, by asking again and again. */
export type LiveStatus = 'connecting' | 'live' | 'polling';

let status: LiveStatus = 'connecting';
const listeners = new Set<() => void>();

export function setLiveStatus(next: LiveStatus): void {
  if (next === status) return;
  status = next;
  for (const listener of listeners) listener();
}

export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(subscribe, () => status);
}

/** Milliseconds between reads: `fallbackMs` while there are no events, once a minute while there are (an event is a hint and may be lost). */
export function pollEvery(fallbackMs: number): number {
  return status === 'live' ? 60_000 : fallbackMs;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
