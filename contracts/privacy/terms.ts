/**
 * What an erasure looks for: a few exact terms, as whole words, whatever their case and however their letters are composed (Unicode NFC). No
 * patterns: what comes from a tenant is never compiled.
 */

export interface PersonTerms {
  readonly principal_id: string | null;
  readonly terms: readonly string[];
}

/** Text as it is compared. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/** Whether any of `foldedTerms` stands in `text` as a word or words of its own: `Ann` is not in `Hannah`. */
export function mentions(text: string, foldedTerms: readonly string[]): boolean {
  const haystack = folded(text);
  return foldedTerms.some((term) => standsIn(haystack, term));
}

function standsIn(haystack: string, term: string): boolean {
  if (term === '') return false;
  for (let at = haystack.indexOf(term); at !== -1; at = haystack.indexOf(term, at + 1)) {
    const [before, after] = [haystack.slice(0, at).at(-1) ?? '', haystack.at(at + term.length) ?? ''];
    if (!LETTER_OR_DIGIT.test(before) && !LETTER_OR_DIGIT.test(after)) return true;
  }
  return false;
}

/** Everything that content says: of JSON its strings and names, so that nothing hides behind an escape; else the bytes as UTF-8. */
export function textIn(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  try {
    return stringsOf(JSON.parse(text) as unknown).join('\n');
  } catch {
    return text;
  }
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([name, member]) => (Array.isArray(value) ? stringsOf(member) : [name, ...stringsOf(member)]));
}
