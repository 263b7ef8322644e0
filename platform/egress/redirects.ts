import type { Destination } from './destination.ts';
import { permittedEndpoint } from './destination.ts';
import type { Endpoint } from './endpoint.ts';
import { EgressError } from './errors.ts';
import type { GuardedResponse } from './limits.ts';
import { pathProblem } from './paths.ts';
import { harmlessHeaders } from './request-check.ts';

/** One request of a chain: where it goes, what it asks for, and what it carries. */
export interface Hop {
  readonly endpoint: Endpoint;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

const FOLLOWED = new Set([301, 302, 303, 307, 308]);

/** Whether the peer wants the request elsewhere. 304 says that nothing changed, which is an answer. */
export function isRedirect({ status }: GuardedResponse): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/**
 * The next request of a chain of reads. The address guard comes later, with the hop's own connection.
 * @param visited the URLs of the chain so far
 * @throws EgressError redirect_not_allowed
 */
export function nextHop(destination: Destination, hop: Hop, response: GuardedResponse, visited: ReadonlySet<string>): Hop {
  const { status, headers: { location } } = response;
  if (!FOLLOWED.has(status)) throw refused(`answered ${status}, which is not followed`);
  if (location === undefined || location === '') throw refused(`answered ${status} without saying where`);
  // Two of them, or one that a lenient parser would mend, may mean different places to different readers.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(location) || !URL.canParse(location, urlOf(hop))) throw refused(`answered ${status} with a place that cannot be read`);
  const url = new URL(location, urlOf(hop));
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(`wants the request at ${url.protocol}, which is neither http nor https`);
  if (url.username !== '' || url.password !== '') throw refused('wants the request at a URL with user and password');
  if (hop.endpoint.secure && url.protocol === 'http:') throw refused('wants the request without TLS');
  const rule = pathProblem(url.pathname);
  if (rule !== null) throw refused(`wants the request at a path that ${rule}`);
  url.hash = '';
  if (visited.has(url.href)) throw refused('sends the request in a circle');
  const endpoint = permittedEndpoint(destination, url);
  if (endpoint === null) throw refused(`wants the request at ${url.host}, at a place that the instance's allowed hosts do not name; add it there if it is meant`);
  // Once lost, they stay lost: a chain that returns to its beginning was led by somebody else.
  return { endpoint, target: `${url.pathname}${url.search}`, headers: endpoint.origin === hop.endpoint.origin ? hop.headers : harmlessHeaders(hop.headers) };
}

export function urlOf({ endpoint, target }: Hop): string {
  return `${endpoint.origin}${target}`;
}

export function refuseRedirect({ status }: GuardedResponse): never {
  throw refused(`answered ${status} and wants the request elsewhere; only reads follow redirects`);
}

export function tooManyRedirects(limit: number): EgressError {
  return refused(`sends the request on and on; at most ${limit} redirects are followed`);
}

function refused(what: string): EgressError {
  return new EgressError('redirect_not_allowed', `The peer ${what}.`, { sent: true });
}
