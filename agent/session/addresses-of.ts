import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** What a name is on this machine, as connections find it; an address is itself. Empty: it is nothing. */
export async function addressesOf(hostname: string): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return [host];
  return lookup(host, { all: true }).then((found) => found.map(({ address }) => address), () => []);
}
