/** What JSON.stringify makes of NUL and of half a surrogate pair; also of the same characters spelt out, which are then looked at closely. */
const MAY_BE_REFUSED = /\\u(?:0000|d[89a-f])/i;

/**
 * `value` as text for a jsonb parameter. PostgreSQL refuses NUL and lone surrogates there, and what a peer or a person typed may hold
 * them: each becomes U+FFFD, so that one bad character cannot keep a step from ending. What is hashed or sealed never comes this way.
 */
export function jsonb(value: unknown): string {
  const text = JSON.stringify(value);
  if (!MAY_BE_REFUSED.test(text)) return text;
  return JSON.stringify(value, (_key, item: unknown) => typeof item === 'string' ? item.toWellFormed().replaceAll('\0', '\uFFFD') : item);
}
