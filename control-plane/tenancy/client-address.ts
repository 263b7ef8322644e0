import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/**
 * Whom a request without credentials is counted against: the address of the connection, or what the nearest proxy of ours says was before it.
 * `X-Forwarded-For` is read from its end, past proxies that are ours; what is further left anybody could have written.
 */
export function clientAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) {
    const [address = '', bits] = proxy.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (request) => {
    const socket = plain(request.socket.remoteAddress ?? 'unknown');
    if (trustedProxies.length === 0 || !isTrusted(socket)) return socket;
    const forwarded = [request.headers['x-forwarded-for']].flat().join(',').split(',').map((hop) => plain(hop.trim())).filter((hop) => isIP(hop) !== 0);
    return forwarded.findLast((hop) => !isTrusted(hop)) ?? socket;
  };
}

/** IPv4 within IPv6 is IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
