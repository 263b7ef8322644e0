/**
 * The candidate that `name` is most likely a misspelling of: at most a third of its letters differ, or it begins alike, as `sun` and `sunday`
 * do. null where none is near.
 */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  let best: { readonly candidate: string; readonly distance: number } | null = null;
  let alike: { readonly candidate: string; readonly letters: number } | null = null;
  for (const candidate of candidates) {
    const distance = differingLetters(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3)) && (best === null || distance < best.distance)) best = { candidate, distance };
    const letters = commonStart(name.toLowerCase(), candidate.toLowerCase());
    if (letters >= 3 && letters >= 0.6 * Math.min(name.length, candidate.length) && (alike === null || letters > alike.letters)) alike = { candidate, letters };
  }
  return (best ?? alike)?.candidate ?? null;
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

const MAX_LENGTH = 64;

/** Damerau and Levenshtein's distance in its restricted form: letters put in, left out, exchanged, or swapped with the next one. */
function differingLetters(a: string, b: string): number {
  if (Math.max(a.length, b.length) > MAX_LENGTH) return Infinity;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length] ?? Infinity;
}
