import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { SecretsError } from '@countersign/platform/secrets/errors.ts';
import { parseSecretRef } from '@countersign/platform/secrets/secret-ref.ts';
import type { Secrets } from '@countersign/platform/secrets/secrets.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { onlyMemberOf, problemsOf } from './credential-members.ts';
import type { StoredKind } from './credential-members.ts';
import { insertCredential, listCredentials, lockCredential, removeCredential, rotateCredential } from './repository-credentials.ts';
import type { CredentialRow } from './repository-credentials.ts';

type Credential = components['schemas']['Credential'];

export interface CredentialsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/** A value, or where it is kept: one of both. */
interface Given {
  readonly value?: Readonly<Record<string, unknown>> | undefined;
  readonly secret_ref?: string | undefined;
}

/** Secrets come in here and never go out: only the gateway and webhook verification open them, each for one call. */
export class Credentials {
  readonly #parts: CredentialsParts;

  constructor(parts: CredentialsParts) {
    this.#parts = parts;
  }

  async listCredentials({ principal }: Call<'listCredentials'>): Promise<Answer<'listCredentials'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<CredentialRow>(listCredentials, [principal.tenantId, null, reachOf(principal)]));
    return { status: 200, body: { items: rows.map(shown) } };
  }

  async storeCredential({ principal, body }: Call<'storeCredential'>): Promise<Answer<'storeCredential'>> {
    const { tenantId } = principal;
    await this.#check(tenantId, body.kind, body);
    const id = newId('credential');
    const sealed = await this.#sealed(tenantId, id, body);
    try {
      return { status: 201, body: await this.#parts.database.forTenant(tenantId, async (tx) => {
        await tx.change(insertCredential, [tenantId, id, body.name, body.kind, sealed, body.secret_ref ?? null, principal.workspaceId]);
        await this.#audit(tx, principal, 'credential.stored', id, { name: body.name, kind: body.kind });
        return one(tx, principal, id);
      }) };
    } catch (error) {
      if (violates(error, 'credential_name_is_unique_in_its_tenant')) throw new ApiError('name_taken', `A credential named ${body.name} exists.`, { cause: error });
      throw error;
    }
  }

  async rotateCredential({ principal, path, body }: Call<'rotateCredential'>): Promise<Answer<'rotateCredential'>> {
    const { tenantId } = principal;
    const id = path.credential_id;
    const overlap_s = body.overlap_s ?? 0;
    const { kind } = await this.#parts.database.forTenant(tenantId, (tx) => one(tx, principal, id)) as { kind: StoredKind };
    if (overlap_s > 0 && kind !== 'webhook_secret') throw invalid('/overlap_s', 'not_allowed', 'Only a webhook_secret overlaps: we verify with it, and the peer verifies the others.');
    await this.#check(tenantId, kind, body);
    const sealed = await this.#sealed(tenantId, id, body);
    return { status: 200, body: await this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.maybeOne(lockCredential, [tenantId, id]) === undefined) throw unknown();
      await tx.change(rotateCredential, [tenantId, id, sealed, body.secret_ref ?? null, overlap_s]);
      const credential = await one(tx, principal, id);
      await this.#audit(tx, principal, 'credential.rotated', id, { kind, version: credential.version, overlap_s });
      return credential;
    }) };
  }

  async deleteCredential({ principal, path }: Call<'deleteCredential'>): Promise<Answer<'deleteCredential'>> {
    const { tenantId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.maybeOne(lockCredential, [tenantId, path.credential_id]) === undefined) throw unknown();
      const { kind, used_by } = await one(tx, principal, path.credential_id);
      if (used_by.length > 0) throw new ApiError('credential_in_use', `These instances use it: ${used_by.map(({ name, as }) => `${name} (${as})`).join(', ')}.`);
      await tx.change(removeCredential, [tenantId, path.credential_id]);
      await this.#audit(tx, principal, 'credential.removed', path.credential_id, { kind });
    });
    return { status: 204 };
  }

  /** @throws ApiError naming what is missing or unknown; for a reference, whether it can be read here and now */
  async #check(tenantId: string, kind: StoredKind, { value, secret_ref }: Given): Promise<void> {
    if ((value === undefined) === (secret_ref === undefined)) throw invalid('/value', 'required', 'Give either value or secret_ref.');
    const members = value ?? await this.#read(tenantId, kind, secret_ref ?? '');
    const errors = problemsOf(kind, members);
    if (errors.length === 0) return;
    if (value === undefined) throw new ApiError('secret_ref_invalid', `What ${secret_ref} names is not the value of a ${kind} credential: ${errors.map(({ field, message }) => `${field.replace('/value/', '')}: ${message}`).join(' ')}`);
    throw new ApiError('request_invalid', `The value is not that of a ${kind} credential.`, { errors });
  }

  async #read(tenantId: string, kind: StoredKind, reference: string): Promise<Record<string, unknown>> {
    try {
      return await this.#parts.secrets.read(tenantId, reference, onlyMemberOf(kind));
    } catch (error) {
      if (!(error instanceof SecretsError)) throw error;
      throw new ApiError(error.code === 'secret_unreachable' ? 'secret_unreachable' : 'secret_ref_invalid', error.message, { cause: error });
    }
  }

  async #sealed(tenantId: string, id: string, { value }: Given): Promise<Uint8Array | null> {
    return value === undefined ? null : this.#parts.keys.seal(tenantId, 'credential', id, canonicalBytes(value));
  }

  async #audit(tx: Transaction, principal: Principal, type: 'credential.stored' | 'credential.rotated' | 'credential.removed', id: string, data: AuditData): Promise<void> {
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'credential', id }, data,
    });
  }
}

/** The workspace whose credentials somebody sees and changes; null: all of the tenant's, from its home workspace. */
function reachOf({ isInHomeWorkspace, workspaceId }: Principal): string | null {
  return isInHomeWorkspace ? null : workspaceId;
}

async function one(tx: Transaction, principal: Principal, id: string): Promise<Credential> {
  const row = await tx.maybeOne<CredentialRow>(listCredentials, [principal.tenantId, id, reachOf(principal)]);
  if (row === undefined) throw unknown();
  return shown(row);
}

function shown({ secret_ref, created_at, rotated_at, previous_until, ...row }: CredentialRow): Credential {
  return {
    ...row, secret_ref, source: secret_ref === null ? 'sealed' : parseSecretRef(secret_ref).kind,
    created_at: created_at.toISOString(), rotated_at: rotated_at?.toISOString() ?? null, previous_until: previous_until?.toISOString() ?? null,
  };
}

function unknown(): ApiError {
  return new ApiError('not_found', 'There is no such credential.');
}

function invalid(field: string, code: string, message: string): ApiError {
  return new ApiError('request_invalid', 'The body does not fit.', { errors: [{ field, code, message }] });
}
