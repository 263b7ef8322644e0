import type { Destination } from './destination.ts';
import { EgressError } from './errors.ts';

export interface GuardedRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Starts with `/`, percent-encoded, without query; appended to the base URL's path. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible characters of Latin-1, space and tab: no line break can start another header (RFC 9110, 5.5). */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What frames the message or names the peer is ours to write. */
const OWN_HEADERS = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer',
  'accept-encoding', 'proxy-authorization', 'proxy-connection']);
/** Unreserved, sub-delims, `:`, `@` and percent-encoding (RFC 3986, 3.3). */
const PATH = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+$/;

/**
 * The request target under the destination's base path.
 * @throws EgressError request_invalid
 */
export function targetOf(destination: Destination, { path, query }: GuardedRequest): string {
  if (!PATH.test(path)) throw refused('path', 'must start with one / and be percent-encoded, without query or fragment');
  if (path.startsWith('//')) throw refused('path', 'must not start with //, which names another host');
  if (/%(?:2f|5c|00)/i.test(path)) throw refused('path', 'must not hold an encoded slash, backslash or NUL');
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) throw refused('path', 'must not hold . or .. as a segment');
  const target = `${destination.basePath}${path}`;
  // The parser is the second opinion: whatever it would change could lead elsewhere.
  if (new URL(target, destination.origin).href !== `${destination.origin}${target}`) throw refused('path', 'must be in the form that URL parsing gives');
  const search = new URLSearchParams(query ?? {}).toString();
  return search === '' ? target : `${target}?${search}`;
}

/** The headers as they go out. @throws EgressError request_invalid */
export function headersOf({ headers = {} }: GuardedRequest): Record<string, string> {
  const checked: Record<string, string> = { 'accept-encoding': 'gzip' };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name)) throw refused('headers', 'holds a name that is no header name');
    if (OWN_HEADERS.has(lower)) throw refused('headers', `must not set ${lower}`);
    if (!HEADER_VALUE.test(value)) throw refused('headers', `has a line break or another forbidden character in ${lower}`);
    checked[lower] = value;
  }
  return checked;
}

function refused(field: string, rule: string): EgressError {
  return new EgressError('request_invalid', `The request's ${field} ${rule}.`, { sent: false });
}
