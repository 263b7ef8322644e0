import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/**
 * Whom a request without credentials is counted against: the address of the connection, or what the nearest proxy of ours says was before it.
 * `X-Forwarded-For` is read from its end, past proxies that are ours; what is further left anybody could have written. Of an IPv6 address the
 * network counts (its first 64 bits): whoever has one has all of it.
 */
export function clientAddress(trustedProxies: readonly string[]): (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string {
  const trusted = trustedProxies.map(networkOf);
  const isOurs = (address: Address): boolean => trusted.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  return ({ headers, socket }) => {
    const peer = parsed(socket.remoteAddress ?? '');
    if (peer === null) return 'unknown';
    if (!isOurs(peer)) return counted(peer);
    const hops = [headers['x-forwarded-for']].flat().join(',').split(',').map((hop) => parsed(hop.trim()));
    const before = hops.findLast((hop) => hop === null || !isOurs(hop));
    // What our own proxy wrote and is no address names nobody: then the proxy counts.
    return counted(before ?? peer);
  };
}

/**
 * The network around an address that `clientAddress` gave, /24 of IPv4 and /48 of IPv6: what may be kept for longer than a minute. Null where
 * it is no address.
 */
export function aroundAddress(address: string): string | null {
  const one = parsed(address.replace(/\/\d+$/, ''));
  if (one === null) return null;
  if (one instanceof ipaddr.IPv4) return `${one.octets.slice(0, 3).join('.')}.0/24`;
  return `${one.parts.slice(0, 3).map((part) => part.toString(16)).join(':')}::/48`;
}

/** Whether `text` is an address, or a network such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/');
  const one = parsed(address);
  return one !== null && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= lengthOf(one) && text === `${address}/${bits}`));
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function networkOf(text: string): [Address, number] {
  const [address = '', bits] = text.split('/');
  const one = parsed(address);
  if (one === null) throw new TypeError(`${text} is no address and no network.`);
  return [one, bits === undefined ? lengthOf(one) : Number(bits)];
}

/** Null for anything but the usual spellings; IPv4 within IPv6 is IPv4. */
function parsed(text: string): Address | null {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.process(text);
}

function lengthOf(address: Address): number {
  return address.kind() === 'ipv6' ? 128 : 32;
}

function counted(address: Address): string {
  if (address instanceof ipaddr.IPv4) return address.toString();
  return `${address.parts.slice(0, 4).map((part) => part.toString(16)).join(':')}::/64`;
}
