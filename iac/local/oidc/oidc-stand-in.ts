import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { KoaContext } from 'oidc-provider';

export interface StandInAccount {
  readonly name: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly groups?: readonly string[];
  /** What it says of the sign-in; absent: a password. */
  readonly amr?: readonly string[];
  readonly acr?: string;
}

export interface StandInClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly redirect_uri: string;
}

export interface OidcStandInOptions {
  readonly clients: readonly StandInClient[];
  /** By subject. May change while it runs. */
  readonly accounts: Map<string, StandInAccount>;
  /** 0: any free one. */
  readonly port?: number;
}

/**
 * A stand-in for a customer's identity provider: the real `oidc-provider` over a real socket, with accounts that need no password. Its page says
 * that it is one. Only for tests, demos and cells that were started with `COUNTERSIGN_STAND_INS=loopback`.
 */
export class OidcStandIn {
  readonly issuer: string;
  readonly #server: Server;
  readonly #options: OidcStandInOptions;
  readonly #redirectUris = new Map<string, string>();
  #keys = newKeys();
  #provider: Provider;
  #answer: (request: IncomingMessage, response: ServerResponse) => void;

  private constructor(server: Server, issuer: string, options: OidcStandInOptions) {
    this.issuer = issuer;
    this.#server = server;
    this.#options = options;
    for (const { client_id, redirect_uri } of options.clients) this.#redirectUris.set(client_id, redirect_uri);
    this.#provider = this.#made();
    this.#answer = this.#provider.callback();
    server.on('request', (request, response) => void this.#handle(request, response));
  }

  static async start(options: OidcStandInOptions): Promise<OidcStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return new OidcStandIn(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  }

  /** Signs with a new key from now on, and publishes the old one no more. Whoever was signed in at it is not any more. */
  rotateKeys(): void {
    this.#keys = newKeys();
    this.#remake();
  }

  /** As whoever administers the provider does once they know where its client is to send browsers back to. Whoever was signed in is not any more. */
  setRedirectUri(clientId: string, redirectUri: string): void {
    this.#redirectUris.set(clientId, redirectUri);
    this.#remake();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #remake(): void {
    this.#provider = this.#made();
    this.#answer = this.#provider.callback();
  }

  #made(): Provider {
    const { clients, accounts } = this.#options;
    return providerOf(this.issuer, { accounts, clients: clients.map((client) => ({ ...client, redirect_uri: this.#redirectUris.get(client.client_id) ?? client.redirect_uri })) }, this.#keys);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(request.url ?? '').startsWith('/interaction/')) {
      this.#answer(request, response);
      return;
    }
    try {
      if (request.method === 'POST') await this.#choose(request, response);
      else showAccounts(response, this.#options.accounts);
    } catch (error) {
      response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end(error instanceof Error ? error.message : 'refused');
    }
  }

  async #choose(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const subject = new URLSearchParams(Buffer.concat(chunks).toString('utf8')).get('account') ?? '';
    const account = this.#options.accounts.get(subject);
    await this.#provider.interactionDetails(request, response);
    const { acr, amr = ['pwd'] } = account ?? {};
    await this.#provider.interactionFinished(request, response, { login: { accountId: subject, amr, ...(acr === undefined ? {} : { acr }), remember: true } }, { mergeWithLastSubmission: false });
  }
}

function newKeys(): object[] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('hex') }];
}

function providerOf(issuer: string, { clients, accounts }: OidcStandInOptions, keys: object[]): Provider {
  return new Provider(issuer, {
    clients: clients.map(({ redirect_uri, ...client }) => ({ ...client, redirect_uris: [redirect_uri], grant_types: ['authorization_code'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_basic' })),
    jwks: { keys },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    // Said, so that it is not warned of: nothing here lives long.
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3_600, IdToken: 600, Interaction: 600, Session: 3_600 },
    pkce: { required: () => true },
    acrValues: ['urn:example:mfa', ...[...accounts.values()].flatMap(({ acr }) => acr ?? [])].filter((value, index, all) => all.indexOf(value) === index),
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
    // An ID token with everything in it, as most providers give one; the userinfo endpoint is not asked.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, subject: string) => {
      const account = accounts.get(subject);
      if (account === undefined) return undefined;
      const { name, email, email_verified, groups = [] } = account;
      return { accountId: subject, claims: () => ({ sub: subject, name, email, email_verified, groups }) };
    },
    // Nobody is asked for consent: the tenant's admin gave it by setting the client up.
    loadExistingGrant: async ({ oidc }: KoaContext) => {
      const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (context: { body: string; type: string }, out: unknown) => {
      context.type = 'json';
      context.body = JSON.stringify(out);
    },
  });
}

function showAccounts(response: ServerResponse, accounts: ReadonlyMap<string, StandInAccount>): void {
  const buttons = [...accounts].map(([subject, { name, email }]) => `<p><button name="account" value="${escaped(subject)}">${escaped(name)} (${escaped(email)})</button></p>`).join('');
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(`<!doctype html><html lang="en"><title>Stand-in identity provider</title><h1>Stand-in identity provider</h1><p>Not a real one: whoever opens this page may be anybody.</p><form method="post">${buttons}</form></html>`);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
