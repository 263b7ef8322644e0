import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { GuardedEgress } from '@countersign/platform/egress/egress.ts';
import type { EgressLimits } from '@countersign/platform/egress/limits.ts';
import type { GuardedRequest } from '@countersign/platform/egress/request-check.ts';

/** Answers of identity providers, witnesses and collectors are small, and a person or a sweep waits for them. */
const LIMITS: Partial<EgressLimits> = { connect_timeout_ms: 3_000, header_timeout_ms: 8_000, total_timeout_ms: 10_000, response_bytes: 1024 * 1024, decompressed_bytes: 4 * 1024 * 1024 };
/** An issuer names its token endpoint and its keys at a few origins, not at many. */
const MAX_ORIGINS = 8;
const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies ReadonlyArray<GuardedRequest['method']>;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export interface BoundFetchOptions {
  /** The one origin that may be reached. Absent: any, for an issuer whose metadata name others of its own. */
  readonly origin?: string;
  /** Whether stand-ins on this machine may be reached, by http (`COUNTERSIGN_STAND_INS=loopback`). Everything else is https. */
  readonly allowLoopback: boolean;
  /** `host:port` each: hosts inside the operator's network that may be reached as well (`COUNTERSIGN_PRIVATE_HOSTS`). Others must have public addresses. */
  readonly privateHosts?: readonly string[];
  readonly limits?: Partial<EgressLimits>;
}

export interface BoundFetch {
  /** @throws TypeError for an address that may not be asked; EgressError for one that cannot be reached */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/**
 * `fetch` for libraries that take one (openid-client, jose, Slack's SDK), through the same guarded egress as every connector: addresses are
 * checked when they are connected to, redirects stay where they are, proxy variables are not read, time and bytes are bounded.
 */
export function boundFetch(options: BoundFetchOptions): BoundFetch {
  const egresses = new Map<string, GuardedEgress>();

  function egressTo(url: URL): GuardedEgress {
    const known = egresses.get(url.origin);
    if (known !== undefined) return known;
    if (egresses.size >= MAX_ORIGINS) throw new TypeError(`More than ${MAX_ORIGINS} origins were asked of one peer.`);
    const egress = createEgress({ baseUrl: url.origin, allowedHosts: privilegedHost(url, options), limits: { ...LIMITS, ...options.limits } });
    egresses.set(url.origin, egress);
    return egress;
  }

  return {
    async fetch(input, init = {}) {
      const request = new Request(input, { ...init, redirect: 'manual', duplex: 'half' });
      const url = new URL(request.url);
      refuseForeign(url, options);
      const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
      const response = await egressTo(url).request({
        method: methodOf(request), path: url.pathname, query: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(request.headers.entries()),
        ...(body === undefined ? {} : { body }),
        ...(init.signal ? { signal: init.signal } : {}),
      });
      return new Response(WITHOUT_BODY.has(response.status) ? null : Buffer.from(response.body), { status: response.status, headers: withoutFraming(response.headers) });
    },
    async close() {
      await Promise.all([...egresses.values()].map((egress) => egress.close()));
    },
  };
}

/** Whether `url` is a stand-in's on this machine, and not a host that resolves there. */
export function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && LOOPBACK.has(url.hostname);
}

function refuseForeign(url: URL, { origin, allowLoopback }: BoundFetchOptions): void {
  if (origin !== undefined && url.origin !== new URL(origin).origin) throw new TypeError(`The request is to ${url.origin}, not to ${origin}.`);
  if (url.protocol === 'https:' || (allowLoopback && isLoopback(url))) return;
  throw new TypeError(isLoopback(url) ? 'This cell was not started with COUNTERSIGN_STAND_INS=loopback: it asks nobody on its own machine.' : `Use https, not ${url.protocol}//.`);
}

/** Naming a host lets its private addresses pass; nobody else's do. */
function privilegedHost(url: URL, { allowLoopback, privateHosts = [] }: BoundFetchOptions): string[] {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const named = privateHosts.includes(`${url.hostname}:${port}`) || (allowLoopback && isLoopback(url));
  return named ? [`${url.protocol}//${url.hostname}:${port}`] : [];
}

function methodOf({ method }: Request): GuardedRequest['method'] {
  if (!METHODS.includes(method)) throw new TypeError(`The method ${method} is not used here.`);
  return method as GuardedRequest['method'];
}

/** The body is decompressed and whole already. */
function withoutFraming(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name)));
}
