const TOKEN = /^#token=(.+)$/;

/** The window's parts that a sign-in link concerns. */
interface LinkWindow {
  location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  history: Pick<History, 'replaceState' | 'state'>;
}

/** The token in the link's fragment, taken out of the address bar and the history, or null when the page was opened without one. */
export function takeToken({ location, history }: LinkWindow): string | null {
  const found = TOKEN.exec(location.hash)?.[1];
  if (found === undefined) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return decode(found);
}

/** Where to go after signing in: a path of the console, never another origin. */
export function destinationOf(to: string | null): string {
  if (to === null || !to.startsWith('/') || /^\/[/\\]/.test(to) || to.startsWith('/sign-in')) return '/runs';
  return to;
}

/** Where a person signs in again and comes back from. */
export function signInAgainPath(back: string): string {
  return `/sign-in?fresh=1&to=${encodeURIComponent(back)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
