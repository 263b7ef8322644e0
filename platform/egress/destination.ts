import { classifyAddress } from './addresses.ts';
import { isDeclared, meets, namesHost, parseAllowedHost, permits } from './allow-list.ts';
import type { AllowedHost } from './allow-list.ts';
import { endpointOf, isAddress } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { EgressError } from './errors.ts';
import { pathProblem } from './paths.ts';

/** Where an instance's requests go: one origin, the path that all of them stay under, and what else a redirect may lead to. */
export interface Destination extends Endpoint {
  /** Without a trailing slash; empty for the root. */
  readonly basePath: string;
  /** Empty: the base URL alone. */
  readonly allowed: readonly AllowedHost[];
}

export interface DestinationOptions {
  readonly baseUrl: string;
  /** `[scheme://]host:port[/path/prefix]` each; see `parseAllowedHost`. Empty: what is under the base URL, at public addresses only. */
  readonly allowedHosts: readonly string[];
  /** The upper bound that the connector's package sets; see `isDeclared`. Absent: none. */
  readonly declaredHosts?: readonly string[] | undefined;
}

/**
 * Reads an instance's base URL and the places it may reach.
 * @throws EgressError base_url_invalid, host_not_allowed
 */
export function readDestination({ baseUrl, allowedHosts, declaredHosts }: DestinationOptions): Destination {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw invalid('must be an http or https URL');
  if (url.username !== '' || url.password !== '') throw invalid('must hold no user and password; store a credential instead');
  if (url.search !== '' || url.hash !== '') throw invalid('must end with its path, without query and fragment');
  const basePath = url.pathname.replace(/\/+$/, '');
  const rule = basePath === '' ? null : pathProblem(basePath);
  if (rule !== null) throw invalid(`has a path that ${rule}`);

  const endpoint = endpointOf(url);
  const allowed = allowedHosts.map(readEntry);
  if (allowed.length > 0 && !meets(allowed, endpoint, basePath)) {
    throw refused(`The instance's allowed hosts do not name ${endpoint.hostname}:${endpoint.port}${basePath === '' ? '' : ' with the path of the base URL'}; add it, or mend the base URL.`);
  }
  refuseUndeclared(endpoint.hostname, allowed, declaredHosts);
  return { ...endpoint, basePath, allowed, named: namesHost(allowed, endpoint) };
}

/** Whether the host says by itself that it is inside: an address that is not public, or this machine by name. Other names only a resolver can tell. */
export function leadsInside({ hostname }: Pick<Endpoint, 'hostname'>): boolean {
  if (/(?:^|\.)localhost\.?$/.test(hostname)) return true;
  return isAddress({ hostname }) && classifyAddress(hostname) !== 'public';
}

/**
 * The endpoint of a URL that a peer names, when the instance may go there.
 * @returns null when no entry covers it; without entries, only what is under the base URL is covered
 */
export function permittedEndpoint(destination: Destination, url: URL): Endpoint | null {
  const endpoint = endpointOf(url);
  if (!isPermitted(destination, endpoint, url.pathname)) return null;
  return { ...endpoint, named: namesHost(destination.allowed, endpoint) };
}

/** Whether a request to `path` at `endpoint` is within what the instance may reach. */
export function isPermitted(destination: Destination, endpoint: Omit<Endpoint, 'named'>, path: string): boolean {
  if (destination.allowed.length > 0) return permits(destination.allowed, endpoint, path);
  return permits([{ entry: '', scheme: null, hostname: destination.hostname, port: destination.port, pathPrefix: destination.basePath }], endpoint, path)
    && endpoint.secure === destination.secure;
}

function readEntry(entry: string): AllowedHost {
  const read = parseAllowedHost(entry);
  if ('problem' in read) throw refused(read.problem);
  return read.host;
}

function refuseUndeclared(baseHostname: string, allowed: readonly AllowedHost[], declared: readonly string[] | undefined): void {
  if (declared === undefined) return;
  const undeclared = [baseHostname, ...allowed.map(({ hostname }) => hostname)].find((hostname) => !isDeclared(hostname, declared, baseHostname));
  if (undeclared === undefined) return;
  const bound = declared.join(', ').replace('{instance}', `${baseHostname} (the base URL's)`);
  throw refused(`The connector's package does not declare the host ${undeclared}, only ${bound}; mend the base URL or the allowed hosts, or let the package declare it in \`hosts\` and approve its new manifest.`);
}

function invalid(rule: string): EgressError {
  return new EgressError('base_url_invalid', `The instance's base URL ${rule}.`, { sent: false });
}

function refused(message: string): EgressError {
  return new EgressError('host_not_allowed', message, { sent: false });
}
