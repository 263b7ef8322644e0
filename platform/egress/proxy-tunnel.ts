import type { Socket } from 'node:net';
import type { Proxy } from './connection-settings.ts';
import { EgressError } from './errors.ts';

/** A proxy's answer to CONNECT is a status line and a few headers. */
const ANSWER_BYTES = 16 * 1024;

/**
 * Asks the proxy at the other end of `socket` for a tunnel to `authority` (RFC 9110, 9.3.6). Afterwards the socket is the peer's.
 * @param authority `address:port`, with brackets around IPv6
 * @throws EgressError proxy_refused when the proxy does not want to, connect_failed when it could not or broke off
 */
export async function openTunnel(socket: Socket, proxy: Proxy, authority: string): Promise<void> {
  const authorization = proxy.authorization === null ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
  const status = statusIn(await readHead(socket, proxy), proxy);
  if (status >= 200 && status < 300) return;
  const where = `The proxy ${proxy.hostname}:${proxy.port}`;
  if (status === 407) throw new EgressError('proxy_refused', `${where} ${proxy.authorization === null ? 'wants a credential' : 'did not take the credential'} (407); store one of kind basic and name it in the instance's connection.`, { sent: false });
  if (status >= 500) throw new EgressError('connect_failed', `${where} could not connect to ${authority} (${status}).`, { sent: false });
  throw new EgressError('proxy_refused', `${where} does not open a tunnel to ${authority} (${status}); allow it there.`, { sent: false });
}

/** Reads up to the empty line. Not by `data` events: what TLS reads next must still be in the socket. */
function readHead(socket: Socket, proxy: Proxy): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const done = (error: EgressError | null): void => {
      socket.off('readable', onReadable).off('error', onError).off('end', onEnd).off('close', onEnd);
      if (error === null) resolve(head.toString('latin1'));
      else reject(error);
    };
    const broken = (why: string, cause?: unknown): EgressError => new EgressError('connect_failed', `The proxy ${proxy.hostname}:${proxy.port} ${why}.`, { sent: false, cause });
    const onError = (cause: Error): void => done(broken('broke off', cause));
    const onEnd = (): void => done(broken('closed the connection before it answered'));
    const onReadable = (): void => {
      for (let chunk: Buffer | null = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        // Whoever speaks before it was asked is not the peer of a protocol in which the client begins.
        if (end >= 0) return done(end + 4 === head.length ? null : broken('sent more than its answer'));
        if (head.length > ANSWER_BYTES) return done(broken('answered with too much'));
      }
    };
    socket.on('readable', onReadable).on('error', onError).on('end', onEnd).on('close', onEnd);
  });
}

function statusIn(head: string, proxy: Proxy): number {
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/.exec(head)?.[1];
  if (status === undefined) throw new EgressError('connect_failed', `What answers at ${proxy.hostname}:${proxy.port} is not an HTTP proxy.`, { sent: false });
  return Number(status);
}
