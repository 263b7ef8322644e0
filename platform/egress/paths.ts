/** Unreserved, sub-delims, `:`, `@` and percent-encoding (RFC 3986, 3.3). */
const PATH = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+$/;
/** An encoded slash, backslash, dot or NUL, also encoded twice: servers differ in when they decode, so a prefix could be left behind it. */
const AMBIGUOUS = /%(?:25)*(?:2f|5c|00)/i;
/** `.` or `..`, plain or encoded once or more, and as Java servers read it: `..;a=b` is `..` with a parameter. */
const DOTS = /^(?:\.|%(?:25)*2e){1,2}(?:;.*)?$/i;

/** What keeps a path from having one meaning everywhere, as the end of a sentence; null when nothing does. */
export function pathProblem(path: string): string | null {
  if (!PATH.test(path)) return 'must start with one / and be percent-encoded, without query or fragment';
  if (path.includes('//')) return 'must not hold //, which names another host or an empty segment';
  if (AMBIGUOUS.test(path)) return 'must not hold an encoded slash, backslash or NUL';
  if (path.split('/').some((segment) => DOTS.test(segment))) return 'must not hold . or .. as a segment';
  return null;
}

/** Whether `path` is `prefix` or below it, by whole segments: `/v2` covers `/v2` and `/v2/x`, not `/v20`. An empty prefix covers everything. */
export function isUnder(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}
