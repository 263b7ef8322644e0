/**
 * Whether `text` as a whole is what `pattern` describes: `*` stands for any run of characters but `/` and `:`, everything else for itself.
 * By hand and in time that is the product of both lengths: patterns come from tenants, and a regular expression of theirs could take for ever.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  // Places in the pattern that the text read so far may have led to.
  let places = closure(pattern, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const place of places) {
      if (pattern[place] === '*') {
        if (character !== '/' && character !== ':') next.add(place);
      } else if (place < pattern.length && pattern.startsWith(character, place)) next.add(place + character.length);
    }
    if (next.size === 0) return false;
    places = closure(pattern, next);
  }
  return places.has(pattern.length);
}

/** A star may also stand for nothing. */
function closure(pattern: string, places: Set<number>): Set<number> {
  for (const place of places) if (pattern[place] === '*') places.add(place + 1);
  return places;
}
