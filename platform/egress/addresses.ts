import ipaddr from 'ipaddr.js';

/**
 * What an address is to us. `public` may be connected to; `internal` (loopback, private, link-local, reserved, tunnelled) only where
 * the instance names the host; `metadata` never, because what answers there hands out the machine's own credentials.
 */
export type AddressClass = 'public' | 'internal' | 'metadata';

/** Cloud metadata and host agents. ipaddr.js calls some of these `unicast`, so they are named one by one. */
const METADATA = new Set([
  '169.254.169.254', // AWS, Azure, Google, Oracle, DigitalOcean
  '169.254.170.2', // AWS container credentials
  '169.254.170.23', // AWS EKS pod identity
  'fd00:ec2::254', // AWS over IPv6
  'fd00:ec2::23', // AWS EKS pod identity over IPv6
  'fd20:ce::254', // Google over IPv6
  '100.100.100.200', // Alibaba
  '192.0.0.192', // Oracle
  '168.63.129.16', // Azure host agent
].map((address) => ipaddr.parse(address).toNormalizedString()));

/** Classes one address as a resolver or a socket gives it; what cannot be read is `metadata`: never connected to. */
export function classifyAddress(text: string): AddressClass {
  const address = parse(text);
  if (address === null) return 'metadata';
  const inner = embeddedAddresses(address);
  if ([address, ...inner].some((candidate) => METADATA.has(candidate.toNormalizedString()))) return 'metadata';
  // A tunnel or translator may bring the packet anywhere, so an address that holds another is internal whatever the inner one is;
  // a mapped one is only a spelling and counts as what it spells.
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) return rangeClass(address.toIPv4Address());
  return inner.length > 0 ? 'internal' : rangeClass(address);
}

/** One spelling for an address, so that what was checked can be compared with what a socket says. Null when it is none. */
export function normaliseAddress(text: string): string | null {
  const address = parse(text);
  if (address === null) return null;
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toNormalizedString();
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  // Only the canonical four-part form: WHATWG URL parsing has already turned every other spelling into it.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare) : null;
}

function rangeClass(address: ipaddr.IPv4 | ipaddr.IPv6): AddressClass {
  return address.range() === 'unicast' && (address instanceof ipaddr.IPv4 || isGlobalUnicast(address)) ? 'public' : 'internal';
}

/**
 * 2000::/3 is all that is given out as global unicast (RFC 4291; IANA). ipaddr.js also calls `unicast` what is reserved, such as ::2,
 * and fec0::/10, which was withdrawn (RFC 3879) but which hosts still route inside.
 */
function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return (address.parts[0]! & 0xe000) === 0x2000;
}

/** The IPv4 addresses that an IPv6 address carries: mapped, compatible, NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214). */
function embeddedAddresses(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4[] {
  if (address instanceof ipaddr.IPv4) return [];
  const parts = address.parts;
  const at = (index: number): ipaddr.IPv4 => new ipaddr.IPv4([parts[index]! >> 8, parts[index]! & 255, parts[index + 1]! >> 8, parts[index + 1]! & 255]);
  const zeros = (from: number, to: number): boolean => parts.slice(from, to).every((part) => part === 0);
  const found: ipaddr.IPv4[] = [];
  if (zeros(0, 5) && parts[5] === 0xffff) found.push(at(6));
  if (zeros(0, 4) && parts[4] === 0xffff && parts[5] === 0) found.push(at(6));
  if (zeros(0, 6) && !zeros(6, 7)) found.push(at(6));
  if (parts[0] === 0x64 && parts[1] === 0xff9b) found.push(at(6));
  if (parts[0] === 0x2002) found.push(at(1));
  if (parts[0] === 0x2001 && parts[1] === 0) found.push(at(2), new ipaddr.IPv4(at(6).octets.map((octet) => octet ^ 255)));
  if ((parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe) found.push(at(6));
  return found;
}
