/**
 * The canonical text (RFC 8785) of a value as `JSON.parse` gives it: what a verifier compares the bytes that it was given with. Gives undefined
 * for what has no canonical text, a lone surrogate or an integer beyond 2^53, so that nothing of the kind is ever taken for canonical.
 *
 * Written here because the packages for it order a nested object that has a `toJSON` key wrongly, and a verifier has no dependency.
 */
export function canonicalText(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value.isWellFormed() ? JSON.stringify(value) : undefined;
  if (typeof value === 'number') return isExact(value) ? JSON.stringify(value) : undefined;
  if (Array.isArray(value)) return textOfAll('[', value.map(canonicalText), ']');
  if (typeof value !== 'object') return undefined;
  // The default sort compares UTF-16 code units, which is the RFC's order (section 3.2.3).
  return textOfAll('{', Object.keys(value).sort().map((key) => memberText(key, (value as Record<string, unknown>)[key])), '}');
}

/** The value of a text that is JSON in canonical form; undefined for every other spelling of it, and for what is no JSON. */
export function parseCanonical(text: string): { readonly value: unknown } | undefined {
  if (isTooDeep(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return canonicalText(value) === text ? { value } : undefined;
}

const MAX_DEPTH = 64;

function memberText(key: string, value: unknown): string | undefined {
  const [name, text] = [canonicalText(key), canonicalText(value)];
  return name === undefined || text === undefined ? undefined : `${name}:${text}`;
}

function textOfAll(open: string, parts: ReadonlyArray<string | undefined>, close: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(',')}${close}`;
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

/** Counted before it is parsed, so that a hostile text cannot exhaust the stack. A short text cannot be deep enough to do harm. */
function isTooDeep(text: string): boolean {
  if (text.length < 2_000) return false;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
