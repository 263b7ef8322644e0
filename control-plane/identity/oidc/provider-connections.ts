import type { Configuration, ServerMetadata } from 'openid-client';
import type { JSONWebKeySet } from 'jose';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { boundFetch, isLoopback } from '../../outbound/bound-fetch.ts';
import type { BoundFetch } from '../../outbound/bound-fetch.ts';
import type { ProviderRow } from './queries.ts';

/** What an issuer says of itself changes rarely; its keys are asked for at every sign-in. */
const METADATA_FRESH_MS = 10 * 60_000;
const MAX_ISSUERS = 200;
/** Clocks differ, both ways (OpenID Connect Core 1.0, 3.1.3.7). */
const CLOCK_TOLERANCE_S = 60;
const TIMEOUT_S = 10;

export interface OutboundRules {
  /** Whether issuers on this machine may be asked, by http: stand-ins. */
  readonly standIns: boolean;
  /** `host:port` of issuers inside the operator's network. */
  readonly privateHosts: readonly string[];
}

export interface OpenProvider {
  readonly configuration: Configuration;
  readonly client: typeof import('openid-client');
  /** The keys that the issuer signs with now. */
  keys(): Promise<JSONWebKeySet>;
}

interface Known {
  readonly metadata: ServerMetadata;
  readonly until_ms: number;
}

/** The issuers that tenants let vouch for their people, asked through the guarded egress and never by the libraries' own fetch. */
export class ProviderConnections {
  readonly #keys: Keys;
  readonly #rules: OutboundRules;
  readonly #now: () => Date;
  readonly #known = new Map<string, Known>();

  constructor({ keys, outbound, now }: { readonly keys: Keys; readonly outbound: OutboundRules; readonly now: () => Date }) {
    this.#keys = keys;
    this.#rules = outbound;
    this.#now = now;
  }

  /** @throws ApiError `identity_provider_invalid` for an issuer that may not be asked from here */
  refuseIssuer(issuer: string): void {
    const url = URL.canParse(issuer) ? new URL(issuer) : null;
    const plain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    if (plain && (url.protocol === 'https:' || (this.#rules.standIns && isLoopback(url)))) return;
    const message = url !== null && isLoopback(url) && !this.#rules.standIns ? 'This cell was not started with COUNTERSIGN_STAND_INS=loopback.' : 'Use the https URL that the provider calls its issuer, without query and fragment.';
    throw new ApiError('identity_provider_invalid', 'The issuer cannot be used.', { errors: [{ field: '/issuer', code: 'url_invalid', message }] });
  }

  /** Does `work` with a provider, and closes the connections after it. @throws ApiError `identity_provider_unreachable` where its metadata cannot be had */
  async with<T>(tenantId: string, row: ProviderRow, work: (provider: OpenProvider) => Promise<T>): Promise<T> {
    const bound = boundFetch({ allowLoopback: this.#rules.standIns, privateHosts: this.#rules.privateHosts });
    try {
      return await work(await this.#open(tenantId, row, bound));
    } finally {
      await bound.close();
    }
  }

  /** Forgets what an issuer said of itself. */
  forget(issuer: string): void {
    this.#known.delete(issuer);
  }

  async #open(tenantId: string, row: ProviderRow, bound: BoundFetch): Promise<OpenProvider> {
    // Loaded where it is used: not every cell has an identity provider.
    const client = await import('openid-client');
    const metadata = await this.#metadataOf(client, row.issuer, bound);
    const secret = row.client_secret_sealed === null ? null : Buffer.from(await this.#keys.unseal(tenantId, 'identity', row.id, row.client_secret_sealed)).toString('utf8');
    const configuration = new client.Configuration(metadata, row.client_id, {
      id_token_signed_response_alg: row.algorithm, [client.clockTolerance]: CLOCK_TOLERANCE_S,
    }, authenticationOf(client, metadata, secret));
    configuration[client.customFetch] = fetchOf(bound);
    configuration.timeout = TIMEOUT_S;
    if (isLoopback(new URL(row.issuer))) client.allowInsecureRequests(configuration);
    return { configuration, client, keys: () => keysOf(metadata, bound) };
  }

  async #metadataOf(client: typeof import('openid-client'), issuer: string, bound: BoundFetch): Promise<ServerMetadata> {
    const known = this.#known.get(issuer);
    const now_ms = this.#now().getTime();
    if (known !== undefined && known.until_ms > now_ms) return known.metadata;
    this.refuseIssuer(issuer);
    const execute = isLoopback(new URL(issuer)) ? [client.allowInsecureRequests] : [];
    // The client id plays no part in discovery.
    const found = await client.discovery(new URL(issuer), 'discovery', undefined, client.None(), { [client.customFetch]: fetchOf(bound), timeout: TIMEOUT_S, execute })
      .catch((cause: unknown) => { throw unreachable('Its metadata (/.well-known/openid-configuration) cannot be read, or is that of another issuer.', cause); });
    const metadata = found.serverMetadata();
    if (this.#known.size >= MAX_ISSUERS) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(issuer, { metadata, until_ms: now_ms + METADATA_FRESH_MS });
    return metadata;
  }
}

/** By the way that the issuer takes; RFC 6749 prefers the header. */
function authenticationOf(client: typeof import('openid-client'), { token_endpoint_auth_methods_supported: ways }: ServerMetadata, secret: string | null) {
  if (secret === null) return client.None();
  return ways !== undefined && !ways.includes('client_secret_basic') ? client.ClientSecretPost(secret) : client.ClientSecretBasic(secret);
}

function fetchOf(bound: BoundFetch): import('openid-client').CustomFetch {
  return (url, { body, ...init }) => bound.fetch(url, { ...init, ...(body == null ? {} : { body }) });
}

async function keysOf({ jwks_uri }: ServerMetadata, bound: BoundFetch): Promise<JSONWebKeySet> {
  if (jwks_uri === undefined) throw unreachable('Its metadata name no keys (jwks_uri).');
  try {
    const response = await bound.fetch(jwks_uri, { headers: { accept: 'application/json' } });
    const body: unknown = response.status === 200 ? await response.json() : null;
    if (typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys)) return body as JSONWebKeySet;
  } catch (cause) {
    throw unreachable('Its keys cannot be read.', cause);
  }
  throw unreachable('What it answers where its keys should be is no key set.');
}

function unreachable(detail: string, cause?: unknown): ApiError {
  return new ApiError('identity_provider_unreachable', detail, cause === undefined ? {} : { cause });
}
