import { isIP } from 'node:net';

/** Where one connection leads. */
export interface Endpoint {
  readonly origin: string;
  readonly secure: boolean;
  /** As WHATWG URL parsing gives it: every spelling of an IP address is the canonical one here. Without brackets and final dot. */
  readonly hostname: string;
  readonly port: number;
  /** Whether the instance names this very host and port, which opens internal addresses (never metadata). */
  readonly named: boolean;
}

/** The endpoint of an http or https URL, not yet known to be named. */
export function endpointOf(url: URL): Omit<Endpoint, 'named'> {
  const secure = url.protocol === 'https:';
  return { origin: url.origin, secure, hostname: hostnameOf(url), port: Number(url.port === '' ? (secure ? 443 : 80) : url.port) };
}

/** The host as one compares it: no brackets, no final dot (`example.test.` is `example.test`). */
export function hostnameOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Whether the endpoint is an address already, so that nothing needs resolving. */
export function isAddress({ hostname }: Pick<Endpoint, 'hostname'>): boolean {
  return isIP(hostname) !== 0;
}
