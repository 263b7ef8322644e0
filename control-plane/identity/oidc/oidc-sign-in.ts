import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../../access/ports.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Cookies } from '../../http/cookies.ts';
import type { Notifier } from '../../live/notifier.ts';
import type { Attempts, TakenAttempt } from '../attempts/attempts.ts';
import { tenantOfState } from '../attempts/attempts.ts';
import type { Principal } from '../principal.ts';
import type { Refusals } from '../refusals.ts';
import { startSession } from '../sessions/session-start.ts';
import type { Browser, StartedSession } from '../sessions/session-start.ts';
import { tenantBySlug } from '../tenant-by-slug.ts';
import { accountOf, isAddressTaken } from './accounts.ts';
import type { AccountRefusal } from './accounts.ts';
import { joinNamedGroups } from './claimed-groups.ts';
import { identityOf, strengthOf, verifySignature } from './id-token.ts';
import type { Identity } from './id-token.ts';
import { ownPath } from './own-path.ts';
import type { OpenProvider, ProviderConnections } from './provider-connections.ts';
import { redirectUriOf } from './provider-view.ts';
import { enabledProviders, findProvider } from './queries.ts';
import type { ProviderRow } from './queries.ts';

export interface OidcSignInParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifier: Notifier;
  readonly cookies: Cookies;
  readonly attempts: Attempts;
  readonly connections: ProviderConnections;
  readonly refusedSignIns: Refusals;
  readonly principalOf: (sessionToken: string) => Promise<Principal | null>;
  readonly publicUrl: string;
  readonly tenantStates: TenantStates;
}

export interface NewOidcAttempt {
  readonly tenantId: string;
  readonly providerId: string | undefined;
  readonly returnTo: string;
  /** The attempt cookie that the browser has. */
  readonly browserSecret: string | undefined;
  readonly invitationSha256?: string;
  readonly stepUp?: { readonly principalId: string; readonly max_age_s: number | undefined; readonly acr_values: string | undefined };
}

/** The tenant is not served here: that is nothing to tell its audit, which may be on its way elsewhere. */
const NOT_SERVED = ['tenant_suspended', 'tenant_elsewhere', 'unavailable'] as const;
const TOLD_AS_THEY_ARE = ['identity_provider_unreachable', 'invitation_invalid', ...NOT_SERVED] as const;
type Refusal = AccountRefusal | 'sign_in_refused' | (typeof TOLD_AS_THEY_ARE)[number];


/**
 * Sign-in by an identity provider: OpenID Connect Core 1.0, authorization code flow, with PKCE (RFC 7636), state and nonce, all bound to the
 * browser that began it. Each provider has a redirect URI of its own, and its issuer is checked where it names it in its answer (RFC 9207): a
 * provider that one tenant has set up cannot have the code of another one's sent to itself (mix-up, RFC 9700, 4.4).
 */
export class OidcSignIn {
  readonly #parts: OidcSignInParts;

  constructor(parts: OidcSignInParts) {
    this.#parts = parts;
  }

  async startOidcSignIn({ body, headers }: Call<'startOidcSignIn'>): Promise<Answer<'startOidcSignIn'>> {
    const tenantId = await tenantBySlug(this.#parts.database, body.tenant);
    if (tenantId === null) throw noProvider();
    const attempt: NewOidcAttempt = { tenantId, providerId: body.provider_id, returnTo: ownPath(body.return_to), browserSecret: this.#parts.cookies.attemptOf(headers.cookie) };
    if (body.step_up === undefined) return this.begin(attempt);
    const session = this.#parts.cookies.sessionOf(headers.cookie);
    const principal = session === undefined ? null : await this.#parts.principalOf(session);
    if (principal?.tenantId !== tenantId) throw new ApiError('sign_in_refused', 'Only who is signed in to the tenant can step up. Sign in first.');
    return this.begin({ ...attempt, stepUp: { principalId: principal.id, max_age_s: body.step_up.max_age_s, acr_values: body.step_up.acr_values } });
  }

  /** Begins a sign-in in this browser and says where to send it. @throws ApiError `sign_in_refused`, `identity_provider_unreachable` */
  async begin({ tenantId, providerId, returnTo, browserSecret, invitationSha256, stepUp }: NewOidcAttempt): Promise<{ status: 200; headers: Record<string, string>; body: { authorization_url: string } }> {
    const provider = await this.#chosen(tenantId, providerId);
    return this.#parts.connections.with(tenantId, provider, async ({ client, configuration }) => {
      const [verifier, nonce] = [client.randomPKCECodeVerifier(), client.randomNonce()];
      const max_age_s = stepUp?.max_age_s;
      const begun = await this.#parts.attempts.begin({
        tenantId, kind: 'oidc', providerId: provider.id, returnTo, invitationSha256, principalId: stepUp?.principalId,
        secrets: { verifier, nonce, ...(max_age_s === undefined ? {} : { max_age_s: String(max_age_s) }) },
      }, browserSecret);
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUriOf(this.#parts.publicUrl, provider.id), scope: provider.scopes.join(' '), state: begun.state, nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
        ...(max_age_s === undefined ? {} : { max_age: String(max_age_s) }),
        ...(stepUp?.acr_values === undefined ? {} : { acr_values: stepUp.acr_values }),
      });
      return { status: 200, headers: { 'set-cookie': this.#parts.cookies.attempt(begun.browserSecret) }, body: { authorization_url: url.href } };
    });
  }

  /** Whatever becomes of it the browser is sent on: to where it wanted, or to the sign-in page with the code of what was wrong. */
  async finishOidcSignIn({ path, query, headers, address }: Call<'finishOidcSignIn'>): Promise<Answer<'finishOidcSignIn'>> {
    const { cookies, attempts, notifier } = this.#parts;
    const attempt = await attempts.take('oidc', query.state ?? '', cookies.attemptOf(headers.cookie));
    if (attempt === null || attempt.provider_id !== path.provider_id) {
      const tenantId = tenantOfState(query.state ?? '');
      if (tenantId !== null) await this.#parts.refusedSignIns.audit(tenantId, { code: 'sign_in_attempt_invalid', method: 'oidc' });
      return redirect(`/sign-in?${new URLSearchParams({ error: 'sign_in_attempt_invalid' }).toString()}`);
    }
    const finished = await this.#finish(attempt, new URLSearchParams(Object.entries(query)), { sessionCookie: cookies.sessionOf(headers.cookie), userAgent: headers['user-agent'], address });
    if ('refused' in finished) {
      if (!NOT_SERVED.some((code) => code === finished.refused)) await this.#parts.refusedSignIns.audit(attempt.tenantId, { code: finished.refused, method: 'oidc', idp: attempt.provider_id ?? '', reason: finished.reason });
      return redirect(`/sign-in?${new URLSearchParams({ error: finished.refused, to: attempt.return_to }).toString()}`);
    }
    if (finished.replacedId !== null) notifier.sessionEnded(finished.replacedId);
    return { ...redirect(attempt.return_to), headers: { location: attempt.return_to, 'set-cookie': cookies.session(finished.token) } };
  }

  async #finish(attempt: TakenAttempt, answer: URLSearchParams, browser: Browser): Promise<StartedSession | { refused: Refusal; reason: string }> {
    try {
      const provider = await this.#chosen(attempt.tenantId, attempt.provider_id ?? undefined);
      const identity = await this.#parts.connections.with(attempt.tenantId, provider, (open) => this.#identityBehind(open, provider, attempt, answer));
      return await this.#signIn(attempt, provider, identity, browser);
    } catch (error) {
      const told = TOLD_AS_THEY_ARE.find((code) => error instanceof ApiError && error.code === code);
      if (told !== undefined) return { refused: told, reason: told };
      if (isAddressTaken(error)) return { refused: 'identity_not_invited', reason: 'address_taken' };
      if (!isAboutTheAnswer(error)) throw error;
      this.#parts.log.info({ err: error, provider_id: attempt.provider_id }, 'a sign-in was refused');
      return { refused: 'sign_in_refused', reason: reasonOf(error) };
    }
  }

  /** Redeems the code and checks what comes for it: the token's claims first, then who signed it. */
  async #identityBehind({ client, configuration, keys }: OpenProvider, provider: ProviderRow, attempt: TakenAttempt, answer: URLSearchParams): Promise<Identity> {
    const { verifier, nonce, max_age_s } = attempt.secrets;
    const tokens = await client.authorizationCodeGrant(configuration, new URL(`${redirectUriOf(this.#parts.publicUrl, provider.id)}?${answer.toString()}`), {
      expectedState: answer.get('state') ?? '', expectedNonce: nonce ?? '', pkceCodeVerifier: verifier ?? '', idTokenExpected: true,
      ...(max_age_s === undefined ? {} : { maxAge: Number(max_age_s) }),
    });
    const claims = tokens.claims();
    if (tokens.id_token === undefined || claims === undefined) throw new SignInRefusal('id_token_missing');
    await verifySignature(tokens.id_token, await keys(), provider.algorithm);
    if (!isSubject(claims.sub)) throw new SignInRefusal('subject_invalid');
    return identityOf(claims, provider);
  }

  #signIn(attempt: TakenAttempt, provider: ProviderRow, identity: Identity, browser: Browser): Promise<StartedSession | { refused: Refusal; reason: string }> {
    const { tenantId } = attempt;
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const account = await accountOf(tx, this.#parts.clock, tenantId, provider, identity, attempt.invitation_sha256);
      if ('refused' in account) return { refused: account.refused, reason: account.refused };
      const { principalId } = account;
      // Whoever steps up stays who they are.
      if (attempt.principal_id !== null && attempt.principal_id !== principalId) throw new SignInRefusal('another_person');
      if (identity.groups !== null) await joinNamedGroups(tx, this.#parts.clock, tenantId, principalId, provider.id, identity.groups);
      const facts = { method: 'oidc', idp: provider.id, acr: identity.acr, amr: identity.amr } as const;
      return startSession(tx, this.#parts, { tenantId, principalId, strength: strengthOf(identity, provider), facts, at: identity.authenticatedAt }, browser);
    });
  }

  /** @throws ApiError `sign_in_refused`, in the same words whether or not there is such a tenant or provider */
  async #chosen(tenantId: string, providerId: string | undefined): Promise<ProviderRow> {
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const id = providerId ?? (await tx.rows<{ id: string }>(enabledProviders, [tenantId]))[0]?.id;
      return id === undefined ? undefined : tx.maybeOne<ProviderRow>(findProvider, [tenantId, id]);
    });
    if (row?.enabled !== true) throw noProvider();
    return row;
  }
}

/** At most 255 characters (OpenID Connect Core 1.0, 2), and no NUL, which PostgreSQL cannot keep. */
function isSubject(text: string): boolean {
  return text.length <= 255 && !text.includes('\0');
}

type SignInRefusalCode = 'id_token_missing' | 'subject_invalid' | 'another_person';

/** Why an answer of a provider does not sign anybody in, where no library says it. */
class SignInRefusal extends Error {
  override readonly name = 'SignInRefusal';
  readonly code: SignInRefusalCode;

  constructor(code: SignInRefusalCode) {
    super(`The sign-in was refused: ${code}.`);
    this.code = code;
  }
}

/** Errors of the checks have codes (oauth4webapi: `OAUTH_...`, jose: `ERR_...`), and what the provider refuses has a class of its own. */
function isAboutTheAnswer(error: unknown): boolean {
  return error instanceof SignInRefusal || (error instanceof ApiError && error.code === 'sign_in_refused') || /^(OAUTH_|ERR_J)/.test(reasonOf(error))
    || (error instanceof Error && ['ResponseBodyError', 'AuthorizationResponseError', 'WWWAuthenticateChallengeError', 'EgressError', 'ClientError'].includes(error.name));
}

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  return code.slice(0, 100);
}

function redirect(location: string): { status: 302; headers: { location: string } } {
  return { status: 302, headers: { location } };
}

function noProvider(): ApiError {
  return new ApiError('sign_in_refused', 'There is no such way to sign in to this tenant.');
}
