import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { TenantStates } from '../access/ports.ts';
import type { AuthorizationSettings } from '../access/settings.ts';
import type { Handlers } from '../api/operation.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import type { ControlPlaneConfig } from '../config.ts';
import type { Cookies } from '../http/cookies.ts';
import { Attempts } from '../identity/attempts/attempts.ts';
import { forgetAttempts } from '../identity/attempts/queries.ts';
import { Invitations } from '../identity/invitations/invitations.ts';
import { Joining } from '../identity/invitations/joining.ts';
import { Me } from '../identity/me.ts';
import { IdentityProviders } from '../identity/oidc/identity-providers.ts';
import { OidcSignIn } from '../identity/oidc/oidc-sign-in.ts';
import { ProviderConnections } from '../identity/oidc/provider-connections.ts';
import { PasskeySignIn } from '../identity/passkeys/passkey-sign-in.ts';
import { Passkeys } from '../identity/passkeys/passkeys.ts';
import { relyingPartyOf } from '../identity/passkeys/webauthn.ts';
import type { Principal } from '../identity/principal.ts';
import { Refusals } from '../identity/refusals.ts';
import { SessionLimits } from '../identity/sessions/session-limits.ts';
import { Sessions } from '../identity/sessions/sessions.ts';
import { SignIn } from '../identity/sign-in.ts';
import { SignInMethods } from '../identity/sign-in-methods.ts';
import type { Notifier } from '../live/notifier.ts';
import { ScimGroups } from '../scim/groups.ts';
import type { Scim } from '../scim/http/scim-routes.ts';
import { ScimUsers } from '../scim/users.ts';
import { Directory } from './directory.ts';
import { Groups } from './groups.ts';

export interface PeopleParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly log: Logger;
  readonly config: Pick<ControlPlaneConfig, 'publicUrl' | 'standIns' | 'privateHosts' | 'passkeyRpId'>;
  readonly refusals: RateLimit;
  readonly notifier: Notifier;
  readonly cookies: Cookies;
  readonly principalOf: (sessionToken: string) => Promise<Principal | null>;
  readonly tenantStates: TenantStates;
  readonly settingsOf: (tenantId: string) => Promise<AuthorizationSettings>;
}

/** Who may sign in, how, and where they are signed in. */
export class People {
  readonly #database: Database;
  readonly handlers;
  readonly scim: Scim;

  constructor(parts: PeopleParts) {
    this.#database = parts.database;
    const me = new Me({ ...parts, sessionOf: (header) => parts.cookies.sessionOf(header) });
    const refusedSignIns = new Refusals(parts);
    const signIn = new SignIn({ ...parts, me, refusedSignIns });
    const methods = new SignInMethods(parts.database);
    const attempts = new Attempts(parts);
    const connections = new ProviderConnections({ keys: parts.keys, outbound: parts.config, now: () => parts.clock.now() });
    const oidc = new OidcSignIn({ ...parts, attempts, connections, refusedSignIns, publicUrl: parts.config.publicUrl });
    const providers = new IdentityProviders({ ...parts, connections, publicUrl: parts.config.publicUrl });
    const party = relyingPartyOf(parts.config);
    const passkeys = new Passkeys({ ...parts, attempts, party });
    const passkeySignIn = new PasskeySignIn({ ...parts, attempts, refusedSignIns, me, party });
    const invitations = new Invitations({ ...parts, publicUrl: parts.config.publicUrl });
    const joining = new Joining({ ...parts, attempts, me, oidc, party });
    const baseUrl = `${parts.config.publicUrl}/scim/v2`;
    this.scim = { users: new ScimUsers({ ...parts, baseUrl }), groups: new ScimGroups({ ...parts, baseUrl }), baseUrl };
    const directory = new Directory(parts);
    const groups = new Groups(parts);
    const sessions = new Sessions({ ...parts, me });
    const sessionLimits = new SessionLimits(parts);
    this.handlers = {
      signIn: (call) => signIn.signIn(call),
      signOut: (call) => signIn.signOut(call),
      getMe: (call) => signIn.getMe(call),
      getSignInMethods: (call) => methods.getSignInMethods(call),
      startOidcSignIn: (call) => oidc.startOidcSignIn(call),
      finishOidcSignIn: (call) => oidc.finishOidcSignIn(call),
      startPasskeySignIn: (call) => passkeySignIn.startPasskeySignIn(call),
      finishPasskeySignIn: (call) => passkeySignIn.finishPasskeySignIn(call),
      describeInvitation: (call) => joining.describeInvitation(call),
      acceptInvitation: (call) => joining.acceptInvitation(call),
      listPasskeys: (call) => passkeys.listPasskeys(call),
      startPasskey: (call) => passkeys.startPasskey(call),
      createPasskey: (call) => passkeys.createPasskey(call),
      deletePasskey: (call) => passkeys.deletePasskey(call),
      listPeople: (call) => directory.listPeople(call),
      getPerson: (call) => directory.getPerson(call),
      updatePerson: (call) => directory.updatePerson(call),
      listInvitations: (call) => invitations.listInvitations(call),
      createInvitation: (call) => invitations.createInvitation(call),
      revokeInvitation: (call) => invitations.revokeInvitation(call),
      listGroups: (call) => groups.listGroups(call),
      createGroup: (call) => groups.createGroup(call),
      updateGroup: (call) => groups.updateGroup(call),
      deleteGroup: (call) => groups.deleteGroup(call),
      listIdentityProviders: (call) => providers.listIdentityProviders(call),
      createIdentityProvider: (call) => providers.createIdentityProvider(call),
      updateIdentityProvider: (call) => providers.updateIdentityProvider(call),
      deleteIdentityProvider: (call) => providers.deleteIdentityProvider(call),
      testIdentityProvider: (call) => providers.testIdentityProvider(call),
      listSessions: (call) => sessions.listSessions(call),
      revokeSession: (call) => sessions.revokeSession(call),
      revokeSessions: (call) => sessions.revokeSessions(call),
      getSessionLimits: (call) => sessionLimits.getSessionLimits(call),
      putSessionLimits: (call) => sessionLimits.putSessionLimits(call),
      chooseWorkspace: (call) => sessions.chooseWorkspace(call),
    } satisfies Partial<Handlers>;
  }

  /** Forgets attempts to sign in that are long over. Gives whether there were any. */
  async forget(tenantId: string): Promise<boolean> {
    return await this.#database.forTenant(tenantId, (tx) => tx.change(forgetAttempts, [tenantId])) > 0;
  }
}
