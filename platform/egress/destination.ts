import { isIP } from 'node:net';
import { EgressError } from './errors.ts';

/** Where an instance's requests go: one origin, and the path that all of them stay under. */
export interface Destination {
  readonly origin: string;
  readonly secure: boolean;
  /** As WHATWG URL parsing gives it: every spelling of an IP address is the canonical one here. Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Without a trailing slash; empty for the root. */
  readonly basePath: string;
  /** Whether the instance names this very host and port, which opens internal addresses (never metadata). */
  readonly named: boolean;
}

/**
 * Reads an instance's base URL and the `host:port` pairs it may reach.
 * @throws EgressError base_url_invalid, host_not_allowed
 */
export function readDestination(baseUrl: string, allowedHosts: readonly string[]): Destination {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid('must be an http or https URL');
  }
  if (url.username !== '' || url.password !== '') throw invalid('must hold no user and password; store a credential instead');
  if (url.search !== '' || url.hash !== '') throw invalid('must end with its path, without query and fragment');
  const secure = url.protocol === 'https:';
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port);
  const names = new Set(allowedHosts.map((entry) => normaliseHost(entry, secure)));
  const named = names.has(`${url.hostname.replace(/\.$/, '')}:${port}`);
  if (names.size > 0 && !named) {
    throw new EgressError('host_not_allowed', `The instance's allowed hosts do not name ${url.hostname}:${port}; add it, or mend the base URL.`, { sent: false });
  }
  return { origin: url.origin, secure, hostname: url.hostname.replace(/^\[|\]$/g, ''), port, basePath: url.pathname.replace(/\/+$/, ''), named };
}

/** `host[:port]` in the spelling of URL parsing; an entry that is no host names nothing. */
function normaliseHost(entry: string, secure: boolean): string {
  const text = `${secure ? 'https' : 'http'}://${entry.trim()}`;
  if (!URL.canParse(text) || /[/@?#\\]/.test(entry)) return '';
  const url = new URL(text);
  return `${url.hostname.replace(/\.$/, '')}:${url.port === '' ? (secure ? 443 : 80) : url.port}`;
}

/** Whether the destination is an address already, so that nothing needs resolving. */
export function isAddress(destination: Destination): boolean {
  return isIP(destination.hostname) !== 0;
}

function invalid(rule: string): EgressError {
  return new EgressError('base_url_invalid', `The instance's base URL ${rule}.`, { sent: false });
}
