const NONCE = /^#nonce=([A-Za-z0-9_-]{43})$/;

/** The window's parts that a link from Slack concerns. */
interface LinkWindow {
  location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  history: Pick<History, 'replaceState' | 'state'>;
}

/** The nonce in the link's fragment, taken out of the address bar and the history; null where there is none. */
export function takeNonce({ location, history }: LinkWindow): string | null {
  const found = NONCE.exec(location.hash)?.[1];
  if (found === undefined) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return found;
}
