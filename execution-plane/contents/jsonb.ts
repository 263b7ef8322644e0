/**
 * `value` as text for a jsonb parameter. PostgreSQL refuses NUL and lone surrogates there, and what a peer or a person typed may hold
 * them: each becomes U+FFFD, so that one bad character cannot keep a step from ending. What is hashed or sealed never comes this way.
 */
export function jsonb(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => typeof item === 'string' ? item.toWellFormed().replaceAll('\0', '\uFFFD') : item);
}
