import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { asApiError, sendProblem } from '@countersign/platform/http/problem.ts';
import { readRawBody } from '@countersign/platform/http/raw-body.ts';
import { parseJsonBody, requireMediaType } from '@countersign/platform/http/strict-body.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { RouterError } from '../config.ts';
import { isSlug, TENANT_ID } from '../directory.ts';
import type { Directory, Place, TenantEntry } from '../directory.ts';

export interface RouterAppParts {
  readonly directory: Directory;
  readonly keySha256: string | null;
  readonly log: Logger;
}

/** What a route answers, and which tenant it was about: all that the log is told of a request. */
interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tenantId?: string;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** The last part of the path, decoded. */
  readonly name: string;
}

const MAX_BODY_BYTES = 4_096;

/**
 * Tells where a tenant is served, and forwards nothing: a body, a cookie or a key that is meant for a cell in one region never passes through a router
 * in another. Bodies of requests to the API are not read.
 */
export function routerApp({ directory, keySha256, log }: RouterAppParts): RequestListener {
  const routes: ReadonlyArray<readonly [method: string, path: RegExp, template: string, answer: (asked: Asked) => Promise<Answer> | Answer]> = [
    ['GET', /^\/healthz$/, '/healthz', () => ({ status: 200, body: { status: 'ok' } })],
    ['GET', /^\/locate$/, '/locate', ({ url }) => located(directory, url.searchParams)],
    ['GET', /^\/t\/([^/]+)$/, '/t/{slug}', ({ name }) => toSignIn(directory, name)],
    ['PUT', /^\/directory\/tenants\/([^/]+)$/, '/directory/tenants/{tenant_id}', async ({ request, name }) => {
      requireKey(request, keySha256);
      return { status: 200, body: await directory.put(await entryOf(request, name)), tenantId: name };
    }],
    ['DELETE', /^\/directory\/tenants\/([^/]+)$/, '/directory/tenants/{tenant_id}', async ({ request, name }) => {
      requireKey(request, keySha256);
      await directory.remove(name);
      return { status: 204, tenantId: name };
    }],
  ];
  return (request, response) => {
    const requestId = newId('request');
    const url = urlOf(request);
    const route = routes.find(([method, path]) => method === request.method && path.test(url.pathname));
    const template = route?.[2] ?? (url.pathname.startsWith('/api/') ? '/api/*' : '(none)');
    const work = async (): Promise<Answer> => {
      await directory.refresh();
      if (route === undefined) throw template === '/api/*' ? elsewhere(directory, request) : new ApiError('not_found', 'There is no such path in the router.');
      return route[3]({ request, url, name: nameIn(url.pathname) });
    };
    // Neither the query nor a header: what people send there may be a key.
    const told = (status: number, tenant_id?: string): void => log.info({ request_id: requestId, method: request.method, route: template, status, tenant_id }, 'answered');
    void answered(work, response, { requestId, path: template }, told);
  };
}

/** Sends what `work` answers, or the problem that it ended with. */
async function answered(work: () => Promise<Answer>, response: ServerResponse, at: { readonly requestId: string; readonly path: string }, told: (status: number, tenantId?: string) => void): Promise<void> {
  response.setHeader('x-request-id', at.requestId);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-store');
  try {
    const { status, body, headers, tenantId } = await work();
    response.writeHead(status, { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) });
    response.end(body === undefined ? undefined : JSON.stringify(body));
    told(status, tenantId);
  } catch (error) {
    const known = asApiError(error instanceof RouterError ? asProblem(error) : error);
    sendProblem(response, known, at);
    told(response.statusCode);
  }
}

function located(directory: Directory, query: URLSearchParams): Answer {
  const [slug, tenantId, prefix] = ['slug', 'tenant_id', 'key_prefix'].map((name) => query.get(name));
  if ([slug, tenantId, prefix].filter((value) => typeof value === 'string').length !== 1) throw new ApiError('request_invalid', 'Ask by one of slug, tenant_id and key_prefix.');
  const place = typeof slug === 'string' ? directory.bySlug(slug) : directory.byTenant(tenantId ?? tenantOfPrefix(prefix ?? ''));
  if (place === undefined) throw new ApiError('not_found', 'No tenant is known by that.');
  const { tenant_id, cell, region, cell_url } = place;
  return { status: 200, body: { tenant_id, cell, region, cell_url }, tenantId: tenant_id };
}

/** The part of a key that names its tenant. A whole key is refused: it has no business here. */
function tenantOfPrefix(prefix: string): string {
  const tenantId = /^cs_(?:key|tok)_(ten_[0-9a-z]{26})_?$/.exec(prefix)?.[1];
  if (tenantId === undefined) throw new ApiError('request_invalid', 'key_prefix is the key up to and with its tenant (`cs_key_ten_...`) and nothing after that. If you have sent a whole key, rotate it.');
  return tenantId;
}

function toSignIn(directory: Directory, slug: string): Answer {
  const place = directory.bySlug(slug);
  if (place === undefined) throw new ApiError('not_found', 'No tenant is known by that.');
  return { status: 302, headers: { location: `${place.cell_url}/sign-in?tenant=${encodeURIComponent(place.slug)}` }, tenantId: place.tenant_id };
}

/** Whoever calls the API here is told where it is. Only the tenant is read off the credential. */
function elsewhere(directory: Directory, request: IncomingMessage): ApiError {
  const bearer = /^Bearer cs_(?:key|tok)_(ten_[0-9a-z]{26})_/.exec(request.headers.authorization ?? '')?.[1];
  const cookie = /(?:^|;\s*)(?:__Host-)?countersign_session=(ten_[0-9a-z]{26})/.exec(request.headers.cookie ?? '')?.[1];
  const place: Place | undefined = directory.byTenant(bearer ?? cookie ?? '');
  // Whatever body there is stays unread, so the connection ends here.
  const headers = { connection: 'close' };
  if (place === undefined) return new ApiError('not_found', 'The API is at the cell of your tenant. Ask GET /locate?slug=... which one that is.', { headers });
  return new ApiError('tenant_elsewhere', `The router forwards nothing. Send the request to ${place.cell_url}.`, { headers, members: { cell_url: place.cell_url, region: place.region } });
}

function requireKey(request: IncomingMessage, keySha256: string | null): void {
  const sent = /^Bearer (cs_router_[\w-]{43})$/.exec(request.headers.authorization ?? '')?.[1];
  const same = sent !== undefined && keySha256 !== null && timingSafeEqual(hash('sha256', sent, 'buffer'), Buffer.from(keySha256, 'hex'));
  if (!same) throw new ApiError('unauthenticated', 'Send the key of the router that may change its directory.', { headers: { 'www-authenticate': 'Bearer', connection: 'close' } });
}

async function entryOf(request: IncomingMessage, tenantId: string): Promise<TenantEntry> {
  requireMediaType(request, 'application/json');
  const body = parseJsonBody(await readRawBody(request, MAX_BODY_BYTES), MAX_BODY_BYTES);
  const { slug, cell, ...rest } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (!TENANT_ID.test(tenantId) || !isSlug(slug) || typeof cell !== 'string' || Object.keys(rest).length > 0) {
    throw new ApiError('request_invalid', 'Send {"slug": "...", "cell": "..."} for the id of a tenant.');
  }
  return { tenant_id: tenantId, slug, cell };
}

function asProblem(error: RouterError): unknown {
  if (error.code === 'slug_taken') return new ApiError('tenant_slug_taken', error.message, { cause: error });
  return error.code === 'cell_unknown' || error.code === 'region_fixed' ? new ApiError('request_invalid', error.message, { cause: error }) : error;
}

function urlOf(request: IncomingMessage): URL {
  const base = 'http://router.invalid';
  return URL.canParse(request.url ?? '/', base) ? new URL(request.url ?? '/', base) : new URL('/(unreadable)', base);
}

function nameIn(path: string): string {
  try {
    return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  } catch {
    return '';
  }
}
