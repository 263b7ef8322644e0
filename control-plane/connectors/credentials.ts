import { appendAudit } from '@countersign/platform/audit/append.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { CredentialKind } from '@countersign/contracts/connectors/manifest.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import { insertCredential } from './queries.ts';

/** What a credential of each kind holds. Every member is text and is required. */
const MEMBERS: Readonly<Record<Exclude<CredentialKind, 'none'> | 'webhook_secret', readonly string[]>> = {
  basic: ['username', 'password'],
  oauth_client_credentials: ['client_id', 'client_secret', 'token_path'],
  api_key: ['header', 'value'],
  bearer: ['token'],
  signed_jwt: ['issuer', 'private_key_pem', 'token_path'],
  client_certificate: ['certificate_pem', 'private_key_pem'],
  webhook_secret: ['secret'],
};
/** 24 bytes are the least that Standard Webhooks takes; in base64 they are 32 characters. */
const MIN_SECRET_CHARACTERS = 32;

export interface CredentialsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
}

/** Secrets come in here and never go out: only the gateway and webhook verification open them, each for one call. */
export class Credentials {
  readonly #parts: CredentialsParts;

  constructor(parts: CredentialsParts) {
    this.#parts = parts;
  }

  async storeCredential({ principal, body }: Call<'storeCredential'>): Promise<Answer<'storeCredential'>> {
    const errors = problemsOf(body.kind, body.value);
    if (errors.length > 0) throw new ApiError('request_invalid', `The value is not that of a ${body.kind} credential.`, { errors });
    const id = newId('credential');
    const sealed = await this.#parts.keys.seal(principal.tenantId, 'credential', id, canonicalBytes(body.value));
    try {
      await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
        await tx.change(insertCredential, [principal.tenantId, id, body.name, body.kind, sealed]);
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'credential.stored', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
          actor: actorOf(principal), subject: { kind: 'credential', id }, data: { name: body.name, kind: body.kind },
        });
      });
    } catch (error) {
      if (violates(error, 'credential_name_is_unique_in_its_tenant')) throw new ApiError('name_taken', `A credential named ${body.name} exists.`, { cause: error });
      throw error;
    }
    return { status: 201, body: { id, name: body.name, kind: body.kind } };
  }
}

/** Names what is missing; never quotes a value. */
function problemsOf(kind: keyof typeof MEMBERS, value: Readonly<Record<string, unknown>>): FieldProblem[] {
  const members = MEMBERS[kind];
  const unknown = Object.keys(value).filter((name) => !members.includes(name))
    .map((name) => ({ field: `/value/${name}`, code: 'unknown_field', message: `A ${kind} credential has ${members.join(', ')}.` }));
  const missing = members.filter((name) => typeof value[name] !== 'string' || value[name] === '')
    .map((name) => ({ field: `/value/${name}`, code: 'required', message: 'This text is required.' }));
  if (unknown.length > 0 || missing.length > 0) return [...unknown, ...missing];
  if (kind === 'webhook_secret' && String(value['secret']).replace(/^whsec_/, '').length < MIN_SECRET_CHARACTERS) {
    return [{ field: '/value/secret', code: 'too_short', message: 'Use at least 24 random bytes in base64, such as `openssl rand -base64 32` gives.' }];
  }
  return [];
}
