import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { TenantStates } from '../access/ports.ts';
import type { Answer, Call } from '../api/operation.ts';
import { findMembershipIn } from '../identity/queries.ts';
import type { MembershipRow } from '../identity/queries.ts';
import { keyedClientId, newSecret, parseAccessToken, parseClientSecret, sameDigest } from '../identity/tokens.ts';
import type { KeyedClient, ParsedToken } from '../identity/tokens.ts';
import { ASSERTION_TYPE, claimedClient, isMadeBy } from './client-assertion.ts';
import { OauthError } from './oauth-error.ts';
import { findClientSecret, findToken, revokeToken, touchClient } from './repository-clients.ts';
import type { ClientSecretRow, TokenRow } from './repository-clients.ts';
import { issueAccessToken } from './token-issuer.ts';
import type { IssuedToken } from './token-issuer.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_TYPES: readonly string[] = ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token'];
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };
/** Compared with where there is no client, so that an unknown one takes as long as a wrong secret. */
const NOBODY = newSecret().sha256;

/** A token of another issuer that is to be exchanged. */
export interface TokenExchange {
  /** The slug or id of the tenant. */
  readonly tenant: string;
  readonly subjectToken: string;
  readonly scope: string | undefined;
}

export interface TokenEndpointParts {
  readonly database: Database;
  readonly clock: Clock;
  /** @throws OauthError `invalid_grant` for a token that nobody here trusts, whatever the reason */
  readonly exchange: (request: TokenExchange) => Promise<IssuedToken>;
  readonly tenantStates: TenantStates;
  /** What an assertion of a client may be for: this server, or this very endpoint of it. */
  readonly audiences: readonly string[];
}

type Issued = Answer<'issueToken'>;

/** Tokens by the client credentials grant (RFC 6749, 4.4) and by exchange (RFC 8693), and their revocation (RFC 7009). Answers are in OAuth's own form. */
export class TokenEndpoint {
  readonly #parts: TokenEndpointParts;

  constructor(parts: TokenEndpointParts) {
    this.#parts = parts;
  }

  async issueToken({ body, headers }: Call<'issueToken'>): Promise<Issued> {
    try {
      const form = formOf(body);
      const grant = needed(form, 'grant_type');
      if (grant === 'client_credentials') return { status: 200, headers: NO_STORE, body: await this.#byClient(form, headers.authorization) };
      if (grant !== TOKEN_EXCHANGE) throw new OauthError('unsupported_grant_type', `Use client_credentials or ${TOKEN_EXCHANGE}.`);
      return { status: 200, headers: NO_STORE, body: { ...await this.#exchange(form), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } };
    } catch (error) {
      return refusal(error);
    }
  }

  async revokeToken({ body }: Call<'revokeToken'>): Promise<Answer<'revokeToken'>> {
    const token = parseAccessToken(new URLSearchParams(body).get('token') ?? '');
    // Whoever holds a token may end it; one that is unknown is as good as ended (RFC 7009, 2.2).
    if (token !== null) await this.#revoke(token);
    return { status: 200, headers: NO_STORE, body: {} };
  }

  async #byClient(form: ReadonlyMap<string, string>, authorization: string | undefined): Promise<IssuedToken> {
    if (form.has('client_assertion') || form.has('client_assertion_type')) return this.#byAssertion(form, authorization);
    const { id, secret } = credentialsOf(form, authorization);
    const token = parseClientSecret(secret);
    if (token === null || token.id !== id) throw noSuchClient();
    const { tenantId } = token;
    await this.#parts.tenantStates.refuseUnlessServed(tenantId);
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const client = await tx.maybeOne<ClientSecretRow>(findClientSecret, [tenantId, id]);
      const isCurrent = sameDigest(client?.secret_sha256 ?? NOBODY, token.secretSha256);
      const isPrevious = sameDigest(client?.previous_secret_sha256 ?? NOBODY, token.secretSha256);
      if (client === undefined || !(isCurrent || isPrevious)) throw noSuchClient();
      return this.#issueTo(tx, { tenantId, id }, client, form.get('scope'));
    });
  }

  /** By what the client has signed (`private_key_jwt`, OpenID Connect Core 1.0, 9). */
  async #byAssertion(form: ReadonlyMap<string, string>, authorization: string | undefined): Promise<IssuedToken> {
    if (authorization !== undefined || form.has('client_secret')) throw new OauthError('invalid_request', 'Show who the client is once: by an assertion, or by a secret.');
    if (needed(form, 'client_assertion_type') !== ASSERTION_TYPE) throw new OauthError('invalid_request', `client_assertion_type is not ${ASSERTION_TYPE}.`);
    const assertion = needed(form, 'client_assertion');
    const claimed = claimedClient(assertion);
    if (claimed === null || (form.has('client_id') && form.get('client_id') !== keyedClientId(claimed))) throw noSuchClient();
    const { tenantId, id } = claimed;
    await this.#parts.tenantStates.refuseUnlessServed(tenantId);
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const client = await tx.maybeOne<ClientSecretRow>(findClientSecret, [tenantId, id]);
      if (client === undefined || !await isMadeBy(tx, claimed, assertion, this.#parts.audiences)) throw noSuchClient();
      return this.#issueTo(tx, claimed, client, form.get('scope'));
    });
  }

  async #issueTo(tx: Transaction, { tenantId, id }: KeyedClient, client: ClientSecretRow, scope: string | undefined): Promise<IssuedToken> {
    await tx.change(touchClient, [tenantId, id]);
    const source = { kind: 'client', id, principalId: client.principal_id, scopes: client.scopes, workspaceId: client.workspace_id, ttl_s: client.token_ttl_s, claimsDigest: null } as const;
    return issueAccessToken(tx, this.#parts.clock, tenantId, source, scope);
  }

  #exchange(form: ReadonlyMap<string, string>): Promise<IssuedToken> {
    if (!JWT_TYPES.includes(needed(form, 'subject_token_type'))) throw new OauthError('invalid_request', `subject_token_type is not ${JWT_TYPES.join(' or ')}.`);
    const tenant = form.get('audience') ?? form.get('resource');
    if (tenant === undefined) throw new OauthError('invalid_request', 'audience is missing: the slug of the tenant.');
    return this.#parts.exchange({ tenant, subjectToken: needed(form, 'subject_token'), scope: form.get('scope') });
  }

  async #revoke({ tenantId, id, secretSha256 }: ParsedToken): Promise<void> {
    await this.#parts.tenantStates.refuseUnlessServed(tenantId);
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne<TokenRow>(findToken, [tenantId, id]);
      if (row === undefined || !sameDigest(row.secret_sha256, secretSha256) || await tx.change(revokeToken, [tenantId, id]) === 0) return;
      const { workspace_id } = await tx.one<MembershipRow>(findMembershipIn, [tenantId, row.principal_id, null, null]);
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'access_token.revoked', tenant_id: tenantId, workspace_id, run_id: null,
        actor: { kind: 'service', id: row.principal_id }, subject: { kind: 'access_token', id }, data: { how: 'by_holder' },
      });
    });
  }
}

/** A parameter that comes twice is refused (RFC 6749, 3.2), as is one with a NUL (`%00`), which PostgreSQL cannot take; one without a value counts as left out. */
function formOf(body: string): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (form.has(name)) throw new OauthError('invalid_request', 'A parameter comes twice.');
    if (value.includes('\0')) throw new OauthError('invalid_request', 'A parameter holds a NUL character.');
    if (value !== '') form.set(name, value);
  }
  return form;
}

function needed(form: ReadonlyMap<string, string>, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OauthError('invalid_request', `${name} is missing.`);
  return value;
}

/** By HTTP Basic, whose two parts are form-encoded (RFC 6749, 2.3.1), or in the body; never both. */
function credentialsOf(form: ReadonlyMap<string, string>, authorization: string | undefined): { readonly id: string; readonly secret: string } {
  const inBody = form.get('client_secret');
  if (authorization === undefined) {
    if (inBody === undefined) throw noSuchClient();
    return { id: needed(form, 'client_id'), secret: inBody };
  }
  if (inBody !== undefined) throw new OauthError('invalid_request', 'Send the client\'s secret once: in the header or in the body.');
  const [, encoded] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
  const pair = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  const at = pair.indexOf(':');
  if (at < 0) throw noSuchClient();
  const [id, secret] = [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
  if (form.has('client_id') && form.get('client_id') !== id) throw new OauthError('invalid_request', 'client_id in the body is another than in the header.');
  return { id, secret };
}

function decoded(text: string): string {
  return new URLSearchParams(`x=${text.replaceAll('&', '%26')}`).get('x') ?? '';
}

function noSuchClient(): OauthError {
  return new OauthError('invalid_client', 'The client is not known, or its secret or assertion is wrong.');
}

function refusal(error: unknown): Issued {
  if (!(error instanceof OauthError)) throw error;
  const body = { error: error.code, error_description: error.message };
  return error.code === 'invalid_client' ? { status: 401, headers: { ...NO_STORE, 'www-authenticate': 'Basic realm="countersign"' }, body } : { status: 400, headers: NO_STORE, body };
}
