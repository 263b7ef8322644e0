import { connect } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Proxy } from '@countersign/platform/egress/connection-settings.ts';
import { EgressError } from '@countersign/platform/egress/errors.ts';
import { openTunnel } from '@countersign/platform/egress/proxy-tunnel.ts';
import { SessionError } from './errors.ts';
import type { SessionErrorCode } from './errors.ts';

/** The proxy between this network and the cell. */
export interface SessionProxy extends Proxy {
  /** Spoken to in TLS, by these authorities; null: not in TLS. */
  readonly tls: { readonly ca_pem: string | null } | null;
}

/** Long enough for a proxy far away, short enough to be tried again while somebody looks. */
const CONNECT_MS = 10_000;

/**
 * A connection to the host and port of `url`, through the proxy where there is one. Names are resolved anew each time: an address may have changed.
 * @param lookup in place of the system's resolver
 * @throws SessionError `cell_unreachable`, `proxy_unreachable`, `proxy_refused`
 */
export async function dial(url: URL, proxy: SessionProxy | null, lookup?: LookupFunction): Promise<Socket> {
  const [host, port] = [bare(url.hostname), Number(url.port === '' ? 443 : url.port)];
  if (proxy === null) return connected(connect({ host, port, noDelay: true, ...(lookup === undefined ? {} : { lookup }) }), `${host}:${port}`);
  const socket = await toProxy(proxy);
  try {
    await openTunnel(socket, proxy, `${url.hostname}:${port}`);
    return socket;
  } catch (cause) {
    socket.destroy();
    throw tunnelError(cause);
  }
}

async function toProxy({ hostname, port, tls }: SessionProxy): Promise<Socket> {
  const socket = await connected(connect({ host: bare(hostname), port, noDelay: true }), `the proxy ${hostname}:${port}`, { code: 'proxy_unreachable' });
  if (tls === null) return socket;
  const secure = connectTls({ socket, servername: hostname, ...(tls.ca_pem === null ? {} : { ca: tls.ca_pem }) });
  return connected(secure, `the proxy ${hostname}:${port}`, { code: 'proxy_unreachable', event: 'secureConnect' });
}

function connected<S extends Socket>(socket: S, where: string, { code = 'cell_unreachable', event = 'connect' }: { readonly code?: SessionErrorCode; readonly event?: string } = {}): Promise<S> {
  return new Promise((resolve, reject) => {
    const failed = (why: string, cause?: unknown): void => {
      socket.destroy();
      reject(new SessionError(code, `No connection to ${where}: ${why}.`, { cause }));
    };
    const timer = setTimeout(() => failed(`nothing answered within ${CONNECT_MS} ms`), CONNECT_MS);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      failed(cause.code ?? cause.message, cause);
    });
  });
}

function tunnelError(cause: unknown): unknown {
  if (!(cause instanceof EgressError)) return cause;
  return new SessionError(cause.code === 'proxy_refused' ? 'proxy_refused' : 'cell_unreachable', cause.message, { cause });
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
