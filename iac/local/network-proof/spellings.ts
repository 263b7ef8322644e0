/** Addresses that must never be connected to unless an instance names their host; those of metadata not even then. */
const METADATA_V4 = ['169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '192.0.0.192', '168.63.129.16'] as const;
const METADATA_V6 = ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'] as const;
const INTERNAL_V4 = ['127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '169.254.1.1'] as const;
const INTERNAL_V6 = ['fe80::1', 'fc00::1', 'fd12:3456::1', 'fec0::1'] as const;

/** What the interface of the proof carries, so that a connection to one of them would be answered. */
export const CARRIED_ADDRESSES: readonly string[] = [...METADATA_V4, ...METADATA_V6, ...INTERNAL_V4.slice(1), ...INTERNAL_V6];

/** Names that the proof's DNS server answers with forbidden addresses. */
export const INSIDE_NAMES: Readonly<Record<string, readonly string[]>> = {
  'inside.test': ['10.0.0.1'], 'loopback.test': ['127.0.0.1'], 'loopback6.test': ['::1'], 'both.test': ['127.0.0.1', '::1'], 'metadata.test': ['169.254.169.254'],
  'metadata6.test': ['fd00:ec2::254'], 'mapped.test': ['::ffff:127.0.0.1'], 'nat64.test': ['64:ff9b::7f00:1'], '6to4.test': ['2002:7f00:1::1'], 'zero.test': ['0.0.0.0'],
  'azure.test': ['168.63.129.16'], '127.0.0.1.nip.test': ['127.0.0.1'], '169-254-169-254.nip.test': ['169.254.169.254'],
};

/** Hosts as they may be written into a base URL, all of which lead inside or nowhere. */
export function spellings(): readonly string[] {
  const v4 = [...INTERNAL_V4.slice(0, 3), ...METADATA_V4.slice(0, 1), ...METADATA_V4.slice(3)].flatMap(spellingsOf);
  const v6 = [...METADATA_V6, ...INTERNAL_V6].map((address) => `[${address}]`);
  return [...new Set([...v4, ...v6, ...METADATA_V4, ...INTERNAL_V4, ...Object.keys(INSIDE_NAMES), ...ODDITIES])];
}

/** Hosts whose address is one of metadata: refused even when the instance names them. */
export function metadataSpellings(): readonly string[] {
  return [...METADATA_V4, ...METADATA_V6.map((address) => `[${address}]`), ...METADATA_V4.slice(0, 1).flatMap(spellingsOf).filter((host) => !host.includes('%')), 'metadata.test', 'metadata6.test', 'azure.test'];
}

function spellingsOf(address: string): string[] {
  const octets = address.split('.').map(Number) as [number, number, number, number];
  const [a, b, c, d] = octets;
  const number = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number, width = 0): string => value.toString(16).padStart(width, '0');
  const groups = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
  const inverted = `${hex((a * 256 + b) ^ 0xffff)}:${hex((c * 256 + d) ^ 0xffff)}`;
  return [
    address, `${address}.`, String(number), `0x${hex(number)}`, `0X${hex(number).toUpperCase()}`, `0${number.toString(8)}`, `000${number.toString(8)}`,
    octets.map((octet) => `0x${hex(octet)}`).join('.'), octets.map((octet) => `0${octet.toString(8)}`).join('.'), octets.map((octet) => `000${octet.toString(8)}`).join('.'),
    `${a}.${b}.${c * 256 + d}`, `${a}.${(b * 256 + c) * 256 + d}`, `0x${hex(a)}.${(b * 256 + c) * 256 + d}`, `${a}.0x${hex((b * 256 + c) * 256 + d)}`, `0x${hex(a)}.0${b.toString(8)}.${c}.${d}`,
    // Full-width digits and the three other full stops that IDNA reads as one.
    address.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)), address.replaceAll('.', '\u3002'), address.replaceAll('.', '\uff0e'), address.replaceAll('.', '\uff61'),
    address.replace(/^\d/, (digit) => `%3${digit}`), address.replaceAll('.', '%2e'), encodeURIComponent(address).replace(/\d/g, (digit) => `%3${digit}`),
    `[::ffff:${address}]`, `[::ffff:${groups}]`, `[0:0:0:0:0:ffff:${groups}]`, `[::${address}]`, `[::${groups}]`, `[::ffff:0:${address}]`, `[64:ff9b::${address}]`, `[64:ff9b::${groups}]`, `[64:ff9b:1::${groups}]`,
    `[2002:${groups}::1]`, `[2001:0:${groups}::1]`, `[2001:0:0:0:0:0:${inverted}]`, `[fe80::5efe:${groups}]`, `[2606:4700::5efe:${groups}]`, `[2606:4700::200:5efe:${groups}]`,
  ];
}

const ODDITIES = [
  'localhost', 'LOCALHOST', 'localhost.', 'ｌｏｃａｌｈｏｓｔ', 'loc%61lhost', 'ip6-localhost', '127.0.0.2', '127.255.255.254', '127.1', '127.0.1', '0', '00', '0x0', '0.0', '0.0.0.0', '0.0.0.1', '255.255.255.255', '224.0.0.1',
  '①②⑦.0.0.1', '⓪', '127.0.0.1%00', '127.0.0.1%09', '127.0.0.1%20', '256.256.256.256', '1.2.3.4.5', '127.0.0.1.1', '0x7f.1', '0x7f.0x0.1', '017700000001',
  '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::1%25lo]', '[::1%lo]', '[fe80::1%25eth0]', '[fe80::1%eth0]', '[ff02::1]', '[100::1]', '[2001:db8::1]', '[::ffff:0:0]', '[::2]',
  'peer.test@127.0.0.1', 'peer.test:80@169.254.169.254', '127.0.0.1:80@127.0.0.1', '127.0.0.1\\@peer.test', '127.0.0.1#@peer.test', '127.0.0.1?@peer.test', 'peer.test%40127.0.0.1', '127.0.0.1%2f@peer.test', '169.254.169.254%23', '[127.0.0.1]', '[::1', '::1',
];
