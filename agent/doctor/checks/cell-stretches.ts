import { ill, noWay, unseen, well } from '../finding.ts';
import type { Examined, Seen } from '../finding.ts';
import { STRETCHES } from '../way-to-cell.ts';
import type { Stretch, Way } from '../way-to-cell.ts';

/** A clock that is further off than this is not corrected but stopped; nearer, it is still better set. */
const CLOCK_OFF_MS = 10 * 60_000;

/** Whether names are resolved: of the cell, or of the proxy that resolves the cell's. */
export function dns(examined: Examined): Seen {
  const byProxy = examined.config.control_plane.proxy === null ? ' Where only a proxy resolves names of the outside, set control_plane.proxy.' : '';
  return onTheWay(examined, 'dns', ({ host, addresses }) => well(addresses[0] === host ? `${host} is an address` : `${host} is ${addresses.join(', ')}`), (why, { host }) => (
    ill(why, `Have ${host} resolved on this machine: /etc/resolv.conf, /etc/hosts, or the firewall in front of the resolver.${byProxy}`)
  ));
}

/** Whether the proxy lets this agent through. */
export function proxy(examined: Examined): Seen {
  const { proxy: set } = examined.config.control_plane;
  if (set === null) return well('none is set');
  return onTheWay(examined, 'proxy', ({ url }) => well(`${set.url} opens a tunnel to ${url.host}`), (why, { url }) => ill(why, proxyFix(why, url)));
}

function proxyFix(why: string, url: URL): string {
  if (why.includes('(407)')) return 'Set control_plane.proxy.username and .password to what the proxy takes, or have it let this machine through without.';
  if (why.startsWith('No connection')) return 'Correct control_plane.proxy.url, or have the proxy reachable from this machine.';
  return `Have the proxy allow CONNECT to ${portOf(url)}, or correct control_plane.proxy.`;
}

/** Whether the agent port of the cell answers. */
export function port(examined: Examined): Seen {
  return onTheWay(examined, 'port', ({ url }) => well(`${url.host} answers in TLS 1.3 and HTTP/2`), (why, { url }) => (
    ill(why, `Let this machine dial out to ${portOf(url)} (TCP) in the firewall, and see that the cell runs with its agent port there.`)
  ));
}

function portOf({ hostname, port: number }: URL): string {
  return `${hostname} port ${number === '' ? '443' : number}`;
}

/** Whether what answers is the cell that this agent was enrolled with. */
export function ca(examined: Examined): Seen {
  return onTheWay(examined, 'ca', () => well('it is the cell of the enrolment'), (why, { url }) => (
    ill(why, `Have whatever opens TLS on the way (a proxy, a firewall) leave ${url.host} alone. If the cell has a new certificate authority, get a token there and run: countersign-agent enroll --again`)
  ));
}

/** Whether the two clocks are near enough to one another. */
export function clock(examined: Examined): Seen {
  const now = examined.now();
  return onTheWay(examined, 'clock', ({ answer }) => clockBy(answer?.headers.date, now), (why) => ill(`${why} By this machine's clock it is ${now.toISOString()}.`, SET_CLOCK));
}

const SET_CLOCK = 'Set the clock of this machine, and keep it set: timedatectl set-ntp true, or a time server of your network in chrony or systemd-timesyncd.';

function clockBy(date: string | undefined, now: Date): Seen {
  const there = Date.parse(date ?? '');
  if (Number.isNaN(there)) return unseen('the cell did not say what time it is');
  const off_s = Math.round((now.getTime() - there) / 1_000);
  const found = `this machine is ${Math.abs(off_s)} s ${off_s < 0 ? 'behind' : 'ahead of'} the cell`;
  return Math.abs(off_s) * 1_000 > CLOCK_OFF_MS ? ill(found, SET_CLOCK) : well(found);
}

/** What is said of a stretch: that it could be gone, that it could not, or that one did not get there. */
function onTheWay(examined: Examined, stretch: Stretch, passed: (way: Way) => Seen, broken: (why: string, way: Way) => Seen): Seen {
  const { way } = examined;
  if (way === null) return unseen(noWay(examined));
  if (way.brokenAt === stretch) return broken(way.why ?? '', way);
  if (way.brokenAt !== null && STRETCHES.indexOf(way.brokenAt) < STRETCHES.indexOf(stretch)) return unseen(`the way to the cell ends at ${way.brokenAt}`);
  return passed(way);
}
