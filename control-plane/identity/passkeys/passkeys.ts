import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { auditBy } from '../../access/audit.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Cookies } from '../../http/cookies.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Principal } from '../principal.ts';
import { countWays, deletePasskey, insertPasskey, listPasskeys, lockPerson } from './queries.ts';
import type { PasskeyRow } from './queries.ts';
import { PasskeyError, registrationOptions, verifyRegistration } from './webauthn.ts';
import type { NewCredential, RelyingParty } from './webauthn.ts';

export interface PasskeysParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly cookies: Cookies;
  readonly attempts: Attempts;
  readonly party: RelyingParty;
}

/** Whoever finds a session open must not make themselves at home in it. */
const FRESH_MS = 10 * 60_000;

/** The passkeys of whoever is signed in. */
export class Passkeys {
  readonly #parts: PasskeysParts;

  constructor(parts: PasskeysParts) {
    this.#parts = parts;
  }

  async listPasskeys({ principal }: Call<'listPasskeys'>): Promise<Answer<'listPasskeys'>> {
    return { status: 200, body: { items: (await this.#listed(principal)).map(passkeyView) } };
  }

  async startPasskey({ principal, headers }: Call<'startPasskey'>): Promise<Answer<'startPasskey'>> {
    this.#refuseStale(principal);
    const options = await registrationOptions(this.#parts.party, { handle: principal.id, name: principal.displayName }, await this.#listed(principal));
    const begun = await this.#parts.attempts.begin({ tenantId: principal.tenantId, kind: 'passkey_register', principalId: principal.id, secrets: { challenge: options.challenge } }, this.#parts.cookies.attemptOf(headers.cookie));
    return { status: 200, headers: { 'set-cookie': this.#parts.cookies.attempt(begun.browserSecret) }, body: { attempt_id: begun.state, options: { ...options } } };
  }

  async createPasskey({ principal, body, headers }: Call<'createPasskey'>): Promise<Answer<'createPasskey'>> {
    this.#refuseStale(principal);
    const attempt = await this.#parts.attempts.take('passkey_register', body.attempt_id, this.#parts.cookies.attemptOf(headers.cookie));
    if (attempt?.tenantId !== principal.tenantId || attempt.principal_id !== principal.id) throw new ApiError('sign_in_attempt_invalid', 'The registration was not begun in this browser by you, is over, or is older than 10 minutes.');
    const credential = await verifyRegistration(this.#parts.party, body.response, attempt.secrets['challenge'] ?? '').catch(invalid);
    const row = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const made = await addPasskey(tx, principal.tenantId, principal.id, body.name, credential);
      await auditBy(tx, this.#parts.clock, principal, registered(made, credential));
      return made;
    });
    return { status: 201, body: passkeyView(row) };
  }

  async deletePasskey({ principal, path }: Call<'deletePasskey'>): Promise<Answer<'deletePasskey'>> {
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const { tenantId, id } = principal;
      await tx.one(lockPerson, [tenantId, id]);
      if (await tx.change(deletePasskey, [tenantId, path.passkey_id, id]) === 0) throw new ApiError('not_found', 'There is no such passkey of yours.');
      const { ways } = await tx.one<{ ways: number }>(countWays, [tenantId, id]);
      if (ways === 0) throw new ApiError('last_sign_in_method', 'You could not sign in by yourself any more.');
      await auditBy(tx, this.#parts.clock, principal, { type: 'passkey.removed', subject: { kind: 'passkey', id: path.passkey_id }, data: { principal_id: id } });
    });
    return { status: 204 };
  }

  #listed({ tenantId, id }: Principal): Promise<PasskeyRow[]> {
    return this.#parts.database.forTenant(tenantId, (tx) => tx.rows<PasskeyRow>(listPasskeys, [tenantId, id]));
  }

  /** @throws ApiError `step_up_required` */
  #refuseStale({ via, signedInAt }: Principal): void {
    const age_ms = signedInAt === null ? Infinity : this.#parts.clock.now().getTime() - signedInAt.getTime();
    if (via.kind === 'session' && age_ms <= FRESH_MS) return;
    throw new ApiError('step_up_required', 'Registering a passkey needs a sign-in that is at most 10 minutes old. Sign in again.');
  }
}

/** Keeps a credential that was checked. @throws ApiError `passkey_invalid` where it is registered already */
export async function addPasskey(tx: Transaction, tenantId: string, principalId: string, name: string, credential: NewCredential): Promise<PasskeyRow> {
  return tx.one<PasskeyRow>(insertPasskey, [
    tenantId, newId('passkey'), principalId, name, credential.credentialId, credential.publicKey, credential.counter, [...credential.transports], credential.aaguid, credential.backedUp,
  ]).catch((error: unknown) => {
    if (violates(error, 'passkey_is_registered_once')) throw new ApiError('passkey_invalid', 'This passkey is registered already.', { cause: error });
    throw error;
  });
}

/** What the audit says of a new passkey. */
export function registered({ id, principal_id }: PasskeyRow, { aaguid, backedUp }: NewCredential) {
  return { type: 'passkey.registered', subject: { kind: 'passkey', id }, data: { principal_id, aaguid, backed_up: backedUp } } as const;
}

/** @throws ApiError `passkey_invalid`; other errors as they are */
export function invalid(error: unknown): never {
  if (error instanceof PasskeyError) throw new ApiError('passkey_invalid', error.message, { cause: error });
  throw error;
}

function passkeyView(row: PasskeyRow): components['schemas']['Passkey'] {
  return { id: row.id, name: row.name, backed_up: row.backed_up, transports: row.transports, created_at: row.created_at.toISOString(), last_used_at: row.last_used_at?.toISOString() ?? null };
}
