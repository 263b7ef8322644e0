import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../../access/ports.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Cookies } from '../../http/cookies.ts';
import type { Notifier } from '../../live/notifier.ts';
import { newState, tenantOfState } from '../attempts/attempts.ts';
import type { Attempts, TakenAttempt } from '../attempts/attempts.ts';
import type { Me } from '../me.ts';
import type { Refusals } from '../refusals.ts';
import { startSession } from '../sessions/session-start.ts';
import type { Browser, StartedSession } from '../sessions/session-start.ts';
import { tenantBySlug } from '../tenant-by-slug.ts';
import { findPasskey, usePasskey } from './queries.ts';
import type { PasskeyRow } from './queries.ts';
import { assertionOptions, credentialIdOf, PasskeyError, verifyAssertion } from './webauthn.ts';
import type { RelyingParty } from './webauthn.ts';

export interface PasskeySignInParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly cookies: Cookies;
  readonly attempts: Attempts;
  readonly refusedSignIns: Refusals;
  readonly me: Me;
  readonly party: RelyingParty;
  readonly tenantStates: TenantStates;
}

/** Sign-in by a passkey (WebAuthn): the browser finds the passkey, the passkey its person. */
export class PasskeySignIn {
  readonly #parts: PasskeySignInParts;

  constructor(parts: PasskeySignInParts) {
    this.#parts = parts;
  }

  /** To a tenant that does not exist the answer is the same; nobody will ever finish it. */
  async startPasskeySignIn({ body, headers }: Call<'startPasskeySignIn'>): Promise<Answer<'startPasskeySignIn'>> {
    const { attempts, cookies, database, party } = this.#parts;
    const tenantId = await tenantBySlug(database, body.tenant);
    const options = await assertionOptions(party);
    const browserSecret = cookies.attemptOf(headers.cookie);
    const begun = tenantId === null ? newState(newId('tenant'), browserSecret) : await attempts.begin({ tenantId, kind: 'passkey_assert', secrets: { challenge: options.challenge } }, browserSecret);
    return { status: 200, headers: { 'set-cookie': cookies.attempt(begun.browserSecret) }, body: { attempt_id: begun.state, options: { ...options } } };
  }

  /** Whatever is wrong, the answer is the same: only the audit says which. */
  async finishPasskeySignIn({ body, headers, address }: Call<'finishPasskeySignIn'>): Promise<Answer<'finishPasskeySignIn'>> {
    const { attempts, cookies, me, notifier, refusedSignIns } = this.#parts;
    const attempt = await attempts.take('passkey_assert', body.attempt_id, cookies.attemptOf(headers.cookie));
    const started = attempt === null ? { refused: 'sign_in_attempt_invalid' } : await this.#finish(attempt, body.response, { sessionCookie: cookies.sessionOf(headers.cookie), userAgent: headers['user-agent'], address });
    if ('refused' in started) {
      const tenantId = tenantOfState(body.attempt_id);
      if (tenantId !== null) await refusedSignIns.audit(tenantId, { code: 'passkey_unknown', method: 'passkey', reason: started.refused });
      throw new ApiError('passkey_unknown', 'The passkey does not sign anybody in here, or the attempt is over. Try again, or sign in another way.');
    }
    if (started.replacedId !== null) notifier.sessionEnded(started.replacedId);
    return { status: 200, headers: { 'set-cookie': cookies.session(started.token) }, body: await me.ofSession(started.token) };
  }

  async #finish({ tenantId, secrets }: TakenAttempt, response: unknown, browser: Browser): Promise<StartedSession | { readonly refused: string }> {
    const { database, party } = this.#parts;
    try {
      const passkey = await database.forTenant(tenantId, (tx) => tx.maybeOne<PasskeyRow>(findPasskey, [tenantId, credentialIdOf(response)]));
      if (passkey === undefined) return { refused: 'credential_unknown' };
      const { counter, backedUp } = await verifyAssertion(party, response, secrets['challenge'] ?? '', passkey);
      return await database.forTenant(tenantId, async (tx) => {
        if (await tx.change(usePasskey, [tenantId, passkey.id, passkey.counter, counter, backedUp]) === 0) return { refused: 'counter_raced' };
        const facts = { method: 'passkey', idp: null, acr: null, amr: [] } as const;
        return startSession(tx, this.#parts, { tenantId, principalId: passkey.principal_id, strength: 'passkey', facts, at: 'now' }, browser);
      });
    } catch (error) {
      if (error instanceof PasskeyError) return { refused: error.code };
      throw error;
    }
  }
}
