import { lookup } from 'node:dns/promises';
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { classifyAddress, normaliseAddress } from './addresses.ts';
import type { ConnectionSettings, Proxy } from './connection-settings.ts';
import { isAddress } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { EgressError } from './errors.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { assertNameForProxy } from './unresolved-names.ts';

/** All addresses of a name. Asked once per connection: the connection goes to an address that was in this very answer. */
export type Resolver = (hostname: string) => Promise<readonly string[]>;

export const systemResolver: Resolver = async (hostname) => (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);

export interface Connecting {
  readonly resolver: Resolver;
  readonly settings: ConnectionSettings;
  /** For everything until the first byte of a request may be written. */
  readonly connect_timeout_ms: number;
  /** `host:port` of what the operator lets be reached inside of their network; undefined: whatever is named. */
  readonly internalHosts?: readonly string[] | undefined;
}

/**
 * Opens a connection to `endpoint`, or refuses. The guard sits here and not in a `lookup` hook, because that hook is never
 * called for addresses: resolve once, check every address, connect to a checked one, and look at where the socket really went.
 * Through a proxy, it is asked for a checked address; the name is only what TLS checks the certificate against.
 * @throws EgressError name_not_resolved, address_not_allowed, connect_failed, proxy_refused, tls_failed
 */
export async function openConnection(endpoint: Endpoint, connecting: Connecting): Promise<Socket> {
  const { settings: { proxy } } = connecting;
  const deadline = performance.now() + connecting.connect_timeout_ms;
  const targets = proxy?.resolvesNames === true && !isAddress(endpoint) ? [assertNameForProxy(endpoint)] : await checkedAddresses(endpoint, connecting);
  const via = proxy === null ? null : { proxy, addresses: await checkedAddresses(asEndpoint(proxy), connecting) };
  return firstThatConnects(targets, endpoint, async (target) => {
    const socket = via === null ? await openTcp(endpoint, target, deadline) : await throughProxy(via, `${bracketed(target)}:${endpoint.port}`, deadline);
    return endpoint.secure ? secured(socket, endpoint, connecting.settings, deadline) : socket;
  });
}

/** An administrator names the proxy, so it may be inside; never at a metadata address. */
function asEndpoint({ hostname, port }: Proxy): Endpoint {
  return { origin: `http://${bracketed(hostname)}:${port}`, secure: false, hostname, port, named: true };
}

/** One address that is not allowed spoils the answer: a name that points inside as well as outside is an attack or a mistake. */
async function checkedAddresses(endpoint: Endpoint, { resolver, internalHosts }: Connecting): Promise<readonly string[]> {
  const addresses = isAddress(endpoint) ? [endpoint.hostname] : await resolve(endpoint.hostname, resolver);
  for (const address of addresses) assertAllowed(endpoint, address, internalHosts);
  return addresses;
}

async function resolve(hostname: string, resolver: Resolver): Promise<readonly string[]> {
  try {
    return await resolver(hostname);
  } catch (cause) {
    throw new EgressError('name_not_resolved', `${hostname} could not be resolved.`, { sent: false, cause });
  }
}

function assertAllowed(endpoint: Endpoint, address: string, internalHosts: readonly string[] | undefined): void {
  const kind = classifyAddress(address);
  const place = `${endpoint.hostname}:${endpoint.port}`;
  const opened = internalHosts?.includes(`${bracketed(endpoint.hostname)}:${endpoint.port}`) ?? true;
  if (kind === 'public' || (kind === 'internal' && endpoint.named && opened)) return;
  const wanted = opened ? `name ${place} in the instance's allowed hosts if that is meant` : 'whoever operates this cell has not opened it for instances';
  const fix = kind === 'internal' ? wanted : 'metadata addresses are never reached';
  throw new EgressError('address_not_allowed', `${endpoint.hostname} leads to ${address}, which is not a public address; ${fix}.`, { sent: false });
}

/** The next is tried only where one could not be reached; whatever else is wrong would be wrong with all of them. */
async function firstThatConnects(targets: readonly string[], { hostname }: Endpoint, attempt: (target: string) => Promise<Socket>): Promise<Socket> {
  let failure: EgressError | null = null;
  for (const target of targets) {
    try {
      return await attempt(target);
    } catch (error) {
      if (!(error instanceof EgressError) || error.code !== 'connect_failed') throw error;
      failure ??= error;
    }
  }
  throw failure ?? new EgressError('name_not_resolved', `${hostname} has no address.`, { sent: false });
}

async function throughProxy({ proxy, addresses }: { proxy: Proxy; addresses: readonly string[] }, authority: string, deadline: number): Promise<Socket> {
  const endpoint = asEndpoint(proxy);
  const socket = await firstThatConnects(addresses, endpoint, (address) => openTcp(endpoint, address, deadline));
  await until(openTunnel(socket, proxy, authority), socket, deadline, () => new EgressError('connect_failed', `The proxy ${proxy.hostname}:${proxy.port} did not answer in time.`, { sent: false }));
  return socket;
}

async function openTcp(endpoint: Endpoint, address: string, deadline: number): Promise<Socket> {
  const where = `${endpoint.hostname}:${endpoint.port}`;
  const socket = connectPlain({ host: address, port: endpoint.port, noDelay: true });
  const connected = settled(socket, 'connect', (cause) => new EgressError('connect_failed', `${where} cannot be reached (${cause.code ?? 'unknown'}).`, { sent: false, cause }));
  await until(connected, socket, deadline, () => new EgressError('connect_failed', `${where} did not answer in time.`, { sent: false }));
  const remote = socket.remoteAddress ?? '';
  if (normaliseAddress(remote) === normaliseAddress(address)) return socket;
  socket.destroy();
  throw new EgressError('address_not_allowed', `${endpoint.hostname} was checked as ${address}, but the connection went to ${remote || 'nowhere'}.`, { sent: false });
}

/** The certificate is checked against the name that was asked for, although the connection went to an address. Sessions are never resumed. */
async function secured(socket: Socket, endpoint: Endpoint, { ca, clientCertificate }: ConnectionSettings, deadline: number): Promise<Socket> {
  const where = `${endpoint.hostname}:${endpoint.port}`;
  const secure = connectTls({
    socket,
    ALPNProtocols: ['http/1.1'],
    ...(isAddress(endpoint) ? { host: endpoint.hostname } : { servername: endpoint.hostname }),
    ...(ca === null ? {} : { ca: [...ca] }),
    ...clientCertificate,
  });
  const agreed = settled(secure, 'secureConnect', (cause) => new EgressError('tls_failed', `${where} has no acceptable TLS certificate or protocol (${cause.code ?? 'unknown'}).`, { sent: false, cause }));
  await until(agreed, secure, deadline, () => new EgressError('connect_failed', `${where} did not finish the TLS handshake in time.`, { sent: false }));
  // An alert that comes later says why; without this, the end that follows it would be all that is reported.
  secure.on('error', (cause) => secure.destroy(cause));
  return secure;
}

function settled(socket: Socket, event: 'connect' | 'secureConnect', asError: (cause: NodeJS.ErrnoException) => EgressError): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays when all went well: until the client listens, an error without any listener would end the process.
    socket.on('error', (cause) => reject(asError(cause)));
    socket.once('close', () => reject(asError(Object.assign(new TypeError('closed'), { code: 'ECONNRESET' }))));
    socket.once(event, () => resolve());
  });
}

/** A stage that fails or takes too long leaves no socket behind. */
async function until(stage: Promise<void>, socket: Socket, deadline: number, late: () => EgressError): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), Math.max(1, deadline - performance.now()));
  });
  try {
    await Promise.race([stage, timeout]);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function bracketed(hostname: string): string {
  return hostname.includes(':') ? `[${hostname}]` : hostname;
}
