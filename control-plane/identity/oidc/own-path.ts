/**
 * Where a browser goes after it has signed in: a path of ours, or the start. Everything else (`//host`, `/\host`, a scheme, control characters)
 * would lead whoever trusts our address to somebody else's.
 */
export function ownPath(text: string | undefined): string {
  if (text === undefined || text.length > 2_000 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\')) return '/';
  const url = new URL(text, 'https://own.invalid');
  // What it is normalised to is what the browser goes to: `/..//host` is `//host`.
  return url.origin === 'https://own.invalid' && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}${url.hash}` : '/';
}
