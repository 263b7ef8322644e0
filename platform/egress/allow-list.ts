import { hostnameOf } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { isUnder, pathProblem } from './paths.ts';

/** One place that an instance may reach. */
export interface AllowedHost {
  /** As it was written. */
  readonly entry: string;
  /** Null: http and https alike. */
  readonly scheme: 'http' | 'https' | null;
  readonly hostname: string;
  readonly port: number;
  /** Without a trailing slash; empty for the whole host. */
  readonly pathPrefix: string;
}

const ENTRY = /^(?:(https?):\/\/)?(\[[0-9A-Fa-f:.]+\]|[^\s/@?#\\:[\]%*]+):(\d{1,5})(\/.*)?$/;

/**
 * Reads one entry of an instance's allowed hosts: `[scheme://]host:port[/path/prefix]`, such as `example.service-now.com:443` or
 * `https://api.example.com:443/v2`. The control plane and the egress read it with this one function.
 * @returns the place, or what is wrong with the entry and how to mend it
 */
export function parseAllowedHost(entry: string): { readonly host: AllowedHost } | { readonly problem: string } {
  const [, scheme, host, port, path = '/'] = ENTRY.exec(entry) ?? [];
  if (host === undefined || port === undefined) return problem(entry, 'write it as host:port or scheme://host:port/path, such as https://api.example.com:443/v2');
  // The port stays out: URL parsing drops a scheme's own, and the host must be spelled alike under both.
  const text = `http://${host}/`;
  if (!URL.canParse(text)) return problem(entry, `${host} is not a host name or an address`);
  if (Number(port) < 1 || Number(port) > 65_535) return problem(entry, 'name a port from 1 to 65535');
  const rule = path === '/' ? null : pathProblem(path);
  if (rule !== null) return problem(entry, `its path ${rule}`);
  return { host: { entry, scheme: scheme === 'http' || scheme === 'https' ? scheme : null, hostname: hostnameOf(new URL(text)), port: Number(port), pathPrefix: path.replace(/\/$/, '') } };
}

/** Whether any entry names the endpoint's host and port, whatever the path. */
export function namesHost(list: readonly AllowedHost[], endpoint: Omit<Endpoint, 'named'>): boolean {
  return list.some((allowed) => isFor(allowed, endpoint));
}

/** Whether a request to `path` (without query) at the endpoint is covered by an entry. */
export function permits(list: readonly AllowedHost[], endpoint: Omit<Endpoint, 'named'>, path: string): boolean {
  return list.some((allowed) => isFor(allowed, endpoint) && isUnder(path, allowed.pathPrefix));
}

/** Whether some request under `basePath` could be covered: the entry's prefix and the base path lie on one line. */
export function meets(list: readonly AllowedHost[], endpoint: Omit<Endpoint, 'named'>, basePath: string): boolean {
  return list.some((allowed) => isFor(allowed, endpoint) && (isUnder(basePath, allowed.pathPrefix) || isUnder(allowed.pathPrefix, basePath)));
}

/**
 * A connector package declares the hosts that its code may reach; an instance may narrow that, never widen it.
 * @param declared `{instance}` for the host of the instance's base URL, names, or `*.name` for everything below a name
 */
export function isDeclared(hostname: string, declared: readonly string[], baseHostname: string): boolean {
  return declared.some((pattern) => {
    if (pattern === '{instance}') return hostname === baseHostname;
    return pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) && hostname.length > pattern.length - 1 : hostname === pattern;
  });
}

function isFor(allowed: AllowedHost, endpoint: Omit<Endpoint, 'named'>): boolean {
  const scheme = endpoint.secure ? 'https' : 'http';
  return allowed.hostname === endpoint.hostname && allowed.port === endpoint.port && (allowed.scheme === null || allowed.scheme === scheme);
}

function problem(entry: string, fix: string): { readonly problem: string } {
  return { problem: `The allowed host ${JSON.stringify(entry)} cannot be read: ${fix}.` };
}
