/** The window's parts that a link concerns. */
interface LinkWindow {
  location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  history: Pick<History, 'replaceState' | 'state'>;
}

/** `#<name>=...` of the address, taken out of the address bar and the history; null when the page was opened without it. */
export function takeFromFragment({ location, history }: LinkWindow, name: 'token' | 'invitation'): string | null {
  const start = `#${name}=`;
  if (!location.hash.startsWith(start) || location.hash === start) return null;
  const found = location.hash.slice(start.length);
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
