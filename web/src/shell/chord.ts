/** A second key belongs to `g` for this long. */
const CHORD_MS = 1_200;

const chordKeys = new WeakSet<Event>();
let startedAt_ms = -Infinity;

/**
 * Watches for `g` followed by another key. It listens before everybody else, so that whoever else knows the second key can ask
 * `belongsToChord` and leave it alone: `g a` goes to the approvals and approves nothing. Returns how to stop.
 */
export function watchChords(): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Shift') return;
    if (event.timeStamp - startedAt_ms < CHORD_MS) {
      chordKeys.add(event);
      startedAt_ms = -Infinity;
    }
  };
  window.addEventListener('keydown', onKeyDown, { capture: true });
  return () => window.removeEventListener('keydown', onKeyDown, { capture: true });
}

export function startChord(event: KeyboardEvent): void {
  startedAt_ms = event.timeStamp;
}

export function belongsToChord(event: KeyboardEvent): boolean {
  return chordKeys.has(event);
}
