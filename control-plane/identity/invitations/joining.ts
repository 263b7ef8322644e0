import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../../access/ports.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Cookies } from '../../http/cookies.ts';
import type { Notifier } from '../../live/notifier.ts';
import type { Attempts } from '../attempts/attempts.ts';
import { describeTenant } from '../me-queries.ts';
import type { TenantRow } from '../me-queries.ts';
import type { Me } from '../me.ts';
import type { OidcSignIn } from '../oidc/oidc-sign-in.ts';
import { enabledProviders } from '../oidc/queries.ts';
import { addPasskey, invalid, registered } from '../passkeys/passkeys.ts';
import { registrationOptions, verifyRegistration } from '../passkeys/webauthn.ts';
import type { RelyingParty } from '../passkeys/webauthn.ts';
import { startSession } from '../sessions/session-start.ts';
import { acceptInvitation, invitationByToken, invitationInvalid } from './acceptance.ts';
import { parseInvitationToken } from './token.ts';

export interface JoiningParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly cookies: Cookies;
  readonly attempts: Attempts;
  readonly me: Me;
  readonly oidc: OidcSignIn;
  readonly party: RelyingParty;
  readonly tenantStates: TenantStates;
}

/** How whoever holds an invitation comes in: with a new passkey, or by an identity provider of the tenant. */
export class Joining {
  readonly #parts: JoiningParts;

  constructor(parts: JoiningParts) {
    this.#parts = parts;
  }

  /** Says who is invited to what, and begins the registration of a passkey. Uses nothing up. */
  async describeInvitation({ body, headers }: Call<'describeInvitation'>): Promise<Answer<'describeInvitation'>> {
    const { attempts, cookies, party } = this.#parts;
    const token = parseInvitationToken(body.token);
    if (token === null) throw invitationInvalid();
    const { tenantId } = token;
    const { invitation, tenant, providers } = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const found = await invitationByToken(tx, tenantId, token.sha256);
      if (found === undefined) throw invitationInvalid();
      return { invitation: found, tenant: await tx.one<TenantRow>(describeTenant, [tenantId, found.workspace_id]), providers: await tx.rows<{ id: string; name: string }>(enabledProviders, [tenantId]) };
    });
    const options = await registrationOptions(party, { handle: invitation.id, name: invitation.email }, []);
    const begun = await attempts.begin({ tenantId, kind: 'passkey_register', invitationSha256: token.sha256, secrets: { challenge: options.challenge } }, cookies.attemptOf(headers.cookie));
    return {
      status: 200, headers: { 'set-cookie': cookies.attempt(begun.browserSecret) },
      body: {
        tenant: { slug: tenant.tenant_slug, name: tenant.tenant_name }, workspace: { name: tenant.workspace_name }, display_name: invitation.display_name, email: invitation.email, roles: invitation.roles,
        methods: { link: false, passkey: true, providers: providers.map(({ id, name }) => ({ id, name })) }, attempt_id: begun.state, options: { ...options },
      },
    };
  }

  async acceptInvitation(call: Call<'acceptInvitation'>): Promise<Answer<'acceptInvitation'>> {
    const { body, headers } = call;
    const token = parseInvitationToken(body.token);
    if (token === null) throw invitationInvalid();
    if (body.provider_id === undefined) return this.#withPasskey(call, token);
    await this.#parts.database.forTenant(token.tenantId, async (tx) => { if (await invitationByToken(tx, token.tenantId, token.sha256) === undefined) throw invitationInvalid(); });
    return this.#parts.oidc.begin({ tenantId: token.tenantId, providerId: body.provider_id, returnTo: '/', browserSecret: this.#parts.cookies.attemptOf(headers.cookie), invitationSha256: token.sha256 });
  }

  async #withPasskey({ body, headers, address }: Call<'acceptInvitation'>, { tenantId, sha256 }: { readonly tenantId: string; readonly sha256: string }): Promise<Answer<'acceptInvitation'>> {
    const { attempts, clock, cookies, database, me, notifier, party } = this.#parts;
    const attempt = await attempts.take('passkey_register', body.attempt_id ?? '', cookies.attemptOf(headers.cookie));
    if (attempt?.tenantId !== tenantId || attempt.invitation_sha256 !== sha256) throw new ApiError('sign_in_attempt_invalid', 'The registration was not begun in this browser for this invitation, is over, or is older than 10 minutes.');
    const credential = await verifyRegistration(party, body.response, attempt.secrets['challenge'] ?? '').catch(invalid);
    const started = await database.forTenant(tenantId, async (tx) => {
      const invitation = await invitationByToken(tx, tenantId, sha256);
      if (invitation === undefined) throw invitationInvalid();
      const principalId = await acceptInvitation(tx, clock, tenantId, invitation);
      const passkey = await addPasskey(tx, tenantId, principalId, body.name ?? 'First passkey', credential);
      await appendAudit(tx, { at: clock.now(), tenant_id: tenantId, workspace_id: invitation.workspace_id, run_id: null, actor: { kind: 'person', id: principalId }, ...registered(passkey, credential) });
      const facts = { method: 'passkey', idp: null, acr: null, amr: [] } as const;
      return startSession(tx, this.#parts, { tenantId, principalId, strength: 'passkey', facts, at: 'now' }, { sessionCookie: cookies.sessionOf(headers.cookie), userAgent: headers['user-agent'], address });
    });
    if (started.replacedId !== null) notifier.sessionEnded(started.replacedId);
    return { status: 200, headers: { 'set-cookie': cookies.session(started.token) }, body: await me.ofSession(started.token) };
  }
}
