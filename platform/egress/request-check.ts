import { isPermitted } from './destination.ts';
import type { Destination } from './destination.ts';
import { EgressError } from './errors.ts';
import type { EgressLimits } from './limits.ts';
import { pathProblem } from './paths.ts';

export interface GuardedRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Starts with `/`, percent-encoded, without query; appended to the base URL's path. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What proves who we are. Wins over `headers`, and never follows a redirect to another origin. */
  readonly credentialHeaders?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible characters of Latin-1, space and tab: no line break can start another header (RFC 9110, 5.5). */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What frames the message or names the peer is ours to write. */
const OWN_HEADERS = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer',
  'accept-encoding', 'proxy-authorization', 'proxy-connection']);

/**
 * The request target under the destination's base path.
 * @throws EgressError request_invalid, host_not_allowed
 */
export function targetOf(destination: Destination, { path, query }: GuardedRequest): string {
  const rule = pathProblem(path);
  if (rule !== null) throw refused('path', rule);
  const target = `${destination.basePath}${path}`;
  // The parser is the second opinion: whatever it would change could lead elsewhere.
  if (new URL(target, destination.origin).href !== `${destination.origin}${target}`) throw refused('path', 'must be in the form that URL parsing gives');
  if (!isPermitted(destination, destination, target)) {
    const prefixes = destination.allowed.map(({ entry }) => entry).join(', ');
    throw new EgressError('host_not_allowed', `The request's path is outside of what the instance's allowed hosts name (${prefixes}); add the path there if it is meant.`, { sent: false });
  }
  const search = new URLSearchParams(query ?? {}).toString();
  return search === '' ? target : `${target}?${search}`;
}

/** The headers as they go out. @throws EgressError request_invalid */
export function headersOf({ headers = {}, credentialHeaders = {} }: GuardedRequest, limits: EgressLimits): Record<string, string> {
  const checked: Record<string, string> = { 'accept-encoding': 'gzip' };
  for (const [name, value] of [...Object.entries(headers), ...Object.entries(credentialHeaders)]) {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name)) throw refused('headers', 'holds a name that is no header name');
    if (OWN_HEADERS.has(lower)) throw refused('headers', `must not set ${lower}`);
    if (!HEADER_VALUE.test(value)) throw refused('headers', `has a line break or another forbidden character in ${lower}`);
    checked[lower] = value;
  }
  const all = Object.entries(checked);
  const size_bytes = all.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  if (all.length > limits.header_count || size_bytes > limits.header_bytes) throw refused('headers', `must be at most ${limits.header_count} of at most ${limits.header_bytes} bytes together`);
  return checked;
}

/** What says how an answer is wanted. Nothing else goes to another origin: whatever a connector or a credential put in could be a secret. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent']);

/** The headers that may follow a redirect to another origin. */
export function harmlessHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS_HEADERS.has(name)));
}

function refused(field: string, rule: string): EgressError {
  return new EgressError('request_invalid', `The request's ${field} ${rule}.`, { sent: false });
}
