const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** The URL of a peer that a tenant names, as it is asked: https, or a stand-in on this machine where those are allowed. Null for any other. */
export function peerUrl(text: string, standInsAllowed: boolean): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, username, password, search, hash, href } = new URL(text);
  if (username !== '' || password !== '' || search !== '' || hash !== '') return null;
  return protocol === 'https:' || (standInsAllowed && protocol === 'http:' && LOOPBACK.includes(hostname)) ? href : null;
}
