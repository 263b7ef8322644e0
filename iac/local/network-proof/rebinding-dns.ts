import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { CARRIED_ADDRESSES, INSIDE_NAMES } from './spellings.ts';

/**
 * An authoritative DNS server over UDP (RFC 1035) that lies as an attacker's would: TTL 0, another answer every time. By the first
 * label of a name under `rebind.test`: `flip` is public once and inside from then on, `swing` changes with every question,
 * `mixed` holds both in one answer, `cross` is public over IPv4 and inside over IPv6, `alias` is a CNAME to a name inside; with `6` over IPv6.
 */
export interface RebindingDns {
  readonly port: number;
  answered(): number;
  /** Does not keep the process alive. */
  unref(): void;
  close(): void;
}

export interface PublicPeer {
  readonly v4: string;
  readonly v6: string;
}

const TYPE = { A: 1, CNAME: 5, AAAA: 28 } as const;
type Answer = { readonly type: number; readonly data: Buffer };

export async function startRebindingDns(peer: PublicPeer, port = 0): Promise<RebindingDns> {
  const socket: Socket = createSocket('udp4');
  const asked = new Map<string, number>();
  let answered = 0;
  socket.on('message', (message, from) => {
    const question = readQuestion(message);
    if (question === null) return;
    const count = asked.get(`${question.name}/${question.type}`) ?? 0;
    asked.set(`${question.name}/${question.type}`, count + 1);
    answered += 1;
    socket.send(reply(message, question, answersTo(question.name, question.type, count, peer)), from.port, from.address);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, answered: () => answered, unref: () => void socket.unref(), close: () => void socket.close() };
}

const INSIDE_V4 = ['127.0.0.1', ...CARRIED_ADDRESSES.filter((address) => isIP(address) === 4)];
const INSIDE_V6 = ['::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', ...CARRIED_ADDRESSES.filter((address) => isIP(address) === 6)];

function answersTo(name: string, type: number, count: number, peer: PublicPeer): Answer[] {
  const wanted = type === TYPE.A ? 4 : 6;
  const addresses = (list: readonly string[]): Answer[] => list.filter((address) => isIP(address) === wanted).map((address) => ({ type, data: addressBytes(address) }));
  if (name === 'peer.test' || name === 'second.test') return addresses([peer.v4, peer.v6]);
  if (Object.hasOwn(INSIDE_NAMES, name)) return addresses(INSIDE_NAMES[name]!);
  const [, kind, six, number = '0'] = /^([a-z]+)(6?)-([0-9]+|redirect)\.rebind\.test$/.exec(name) ?? [];
  const inside = wanted === 4 ? INSIDE_V4 : INSIDE_V6;
  const hidden = inside[(Number.parseInt(number, 10) || 0) % inside.length]!;
  const open = wanted === 4 ? peer.v4 : peer.v6;
  const here = wanted === (six === '6' ? 6 : 4);
  switch (kind) {
    case 'flip': return here ? addresses([count === 0 ? open : hidden]) : [];
    case 'swing': return here ? addresses([count % 2 === 0 ? open : hidden]) : [];
    case 'mixed': return here ? addresses([open, hidden]) : [];
    case 'cross': return addresses([here ? open : hidden]);
    case 'alias': return here ? [{ type: TYPE.CNAME, data: nameBytes('inside.test') }, ...addresses([hidden])] : [];
    default: return [];
  }
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** Where it ends in the message. */
  readonly end: number;
}

/** Null for what is no question of one name. */
function readQuestion(message: Buffer): Question | null {
  if (message.length < 17 || message.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0 && length < 64; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  return at + 5 <= message.length ? { name: labels.join('.'), type: message.readUInt16BE(at + 1), end: at + 5 } : null;
}

/** Authoritative, no recursion, TTL 0; every record is for the question's name. */
function reply(message: Buffer, question: Question, answers: readonly Answer[]): Buffer {
  const head = Buffer.alloc(12);
  message.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers.length, 6);
  const alias = answers.find(({ type }) => type === TYPE.CNAME);
  const records = answers.map(({ type, data }) => {
    const owner = alias !== undefined && type !== TYPE.CNAME ? alias.data : Buffer.from([0xc0, 12]);
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(type, 0);
    fixed.writeUInt16BE(1, 2);
    fixed.writeUInt16BE(data.length, 8);
    return Buffer.concat([owner, fixed, data]);
  });
  return Buffer.concat([head, message.subarray(12, question.end), ...records]);
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])), Buffer.from([0])]);
}

/** The 4 or 16 bytes of an address; URL parsing does the expanding of `::`. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const all = tail === undefined ? first : [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}
