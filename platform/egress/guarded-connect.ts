import { lookup } from 'node:dns/promises';
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { classifyAddress, normaliseAddress } from './addresses.ts';
import { isAddress } from './destination.ts';
import type { Destination } from './destination.ts';
import { EgressError } from './errors.ts';

/** All addresses of a name. Asked once per connection: the connection goes to an address that was in this very answer. */
export type Resolver = (hostname: string) => Promise<readonly string[]>;

export const systemResolver: Resolver = async (hostname) => (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * Opens a connection to `destination`, or refuses. The guard sits here and not in a `lookup` hook, because that hook is never
 * called for addresses: resolve once, check every address, connect to a checked one, and look at where the socket really went.
 * @throws EgressError name_not_resolved, address_not_allowed, connect_failed, tls_failed
 */
export async function openConnection(destination: Destination, resolver: Resolver, connect_timeout_ms: number): Promise<Socket> {
  const addresses = await checkedAddresses(destination, resolver);
  const deadline = performance.now() + connect_timeout_ms;
  let failure: EgressError | null = null;
  for (const address of addresses) {
    try {
      return verified(await openSocket(destination, address, Math.max(1, deadline - performance.now())), destination, address);
    } catch (error) {
      if (!(error instanceof EgressError) || error.code !== 'connect_failed') throw error;
      failure ??= error;
    }
  }
  throw failure ?? new EgressError('name_not_resolved', `${destination.hostname} has no address.`, { sent: false });
}

/** One address that is not allowed spoils the answer: a name that points inside as well as outside is an attack or a mistake. */
async function checkedAddresses(destination: Destination, resolver: Resolver): Promise<readonly string[]> {
  const addresses = isAddress(destination) ? [destination.hostname] : await resolve(destination.hostname, resolver);
  for (const address of addresses) assertAllowed(destination, address);
  return addresses;
}

async function resolve(hostname: string, resolver: Resolver): Promise<readonly string[]> {
  try {
    return await resolver(hostname);
  } catch (cause) {
    throw new EgressError('name_not_resolved', `${hostname} could not be resolved.`, { sent: false, cause });
  }
}

function assertAllowed(destination: Destination, address: string): void {
  const kind = classifyAddress(address);
  if (kind === 'public' || (kind === 'internal' && destination.named)) return;
  const fix = kind === 'internal' ? `name ${destination.hostname}:${destination.port} in the instance's allowed hosts if that is meant` : 'metadata addresses are never reached';
  throw new EgressError('address_not_allowed', `${destination.hostname} leads to ${address}, which is not a public address; ${fix}.`, { sent: false });
}

function openSocket(destination: Destination, address: string, timeout_ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = destination.secure ? tlsSocket(destination, address) : connectPlain({ host: address, port: destination.port });
    const timer = setTimeout(() => fail('connect_failed', 'did not answer in time'), timeout_ms);
    const fail = (code: 'connect_failed' | 'tls_failed', why: string, cause?: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new EgressError(code, `${destination.hostname}:${destination.port} ${why}.`, { sent: false, cause }));
    };
    let reached = false;
    socket.once('connect', () => (reached = true));
    const onError = (cause: NodeJS.ErrnoException): void => {
      if (destination.secure && reached) fail('tls_failed', `has no acceptable TLS certificate or protocol (${cause.code ?? 'unknown'})`, cause);
      else fail('connect_failed', `cannot be reached (${cause.code ?? 'unknown'})`, cause);
    };
    socket.once('error', onError);
    socket.once(destination.secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', onError);
      // Until the client listens: an error without any listener would end the process.
      socket.on('error', () => {});
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The certificate is checked against the name that was asked for, although the connection goes to an address. */
function tlsSocket(destination: Destination, address: string): Socket {
  return connectTls({
    host: address,
    port: destination.port,
    ALPNProtocols: ['http/1.1'],
    ...(isAddress(destination) ? {} : { servername: destination.hostname }),
  });
}

function verified(socket: Socket, destination: Destination, address: string): Socket {
  const remote = socket.remoteAddress ?? '';
  if (normaliseAddress(remote) === normaliseAddress(address)) return socket;
  socket.destroy();
  throw new EgressError('address_not_allowed', `${destination.hostname} was checked as ${address}, but the connection went to ${remote || 'nowhere'}.`, { sent: false });
}
