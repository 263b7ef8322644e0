import type { Keys } from '../keys/keys.ts';
import { KeysError } from '../keys/keys.ts';
import { SecretsError } from './errors.ts';
import { parseSecretRef } from './secret-ref.ts';
import type { SecretRef } from './secret-ref.ts';

/** A place outside of the database where secrets of tenants are kept. Implementations: `aws-secrets.ts`, `local-secrets.ts` (environment, files). */
export interface SecretSource {
  /** The bytes that this tenant's secret of that name holds. @throws SecretsError `secret_missing`, `secret_refused`, `secret_unreachable` */
  read(tenantId: string, name: string): Promise<Uint8Array>;
}

/** A secret as its row has it: sealed there, or named where it is kept. Exactly one is set. */
export interface StoredSecret {
  /** Of the row; what sealed bytes are bound to. */
  readonly id: string;
  readonly sealed: Uint8Array | null;
  readonly secret_ref: string | null;
}

export type SecretSources = Readonly<Partial<Record<SecretRef['kind'], SecretSource>>>;

/**
 * The secrets port: opens what a credential stands for, wherever that is kept: sealed in PostgreSQL, in AWS Secrets Manager, in the environment or
 * in a file. One conformance suite for all of them.
 */
export class Secrets {
  readonly #keys: Keys;
  readonly #sources: SecretSources;

  constructor(keys: Keys, sources: SecretSources) {
    this.#keys = keys;
    this.#sources = sources;
  }

  /**
   * The members of the secret: a JSON object; a text that is none is given as `{[onlyMember]: text}` where the secret has but one member.
   * @throws SecretsError
   */
  async open(tenantId: string, stored: StoredSecret, onlyMember: string | null = null): Promise<Record<string, unknown>> {
    if (stored.sealed !== null) return membersOf(await this.#unseal(tenantId, stored.id, stored.sealed), onlyMember, stored.id);
    if (stored.secret_ref === null) throw new SecretsError('secret_missing', `The secret ${stored.id} was removed.`);
    return this.read(tenantId, stored.secret_ref, onlyMember);
  }

  /** As `open`, of a reference. @throws SecretsError `secret_ref_invalid` too */
  async read(tenantId: string, reference: string, onlyMember: string | null = null): Promise<Record<string, unknown>> {
    const ref = parseSecretRef(reference);
    const source = this.#sources[ref.kind];
    if (source === undefined) throw new SecretsError('secret_ref_invalid', `This cell is not set up to read ${ref.kind} references.`);
    const bytes = await source.read(tenantId, ref.name);
    return membersOf(ref.member === null ? bytes : memberIn(bytes, ref.member, reference), onlyMember, reference);
  }

  async #unseal(tenantId: string, id: string, sealed: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#keys.unseal(tenantId, 'credential', id, sealed);
    } catch (cause) {
      const isAway = cause instanceof KeysError && cause.code === 'kek_unreachable';
      throw new SecretsError(isAway ? 'secret_unreachable' : 'secret_refused', `The secret ${id} cannot be opened: ${(cause as Error).message}`, { cause });
    }
  }
}

function membersOf(bytes: Uint8Array, onlyMember: string | null, place: string): Record<string, unknown> {
  const text = Buffer.from(bytes).toString('utf8');
  const value = jsonOf(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  // Files end with a line break that is nobody's secret.
  if (onlyMember !== null && text.trim() !== '') return { [onlyMember]: text.replace(/\r?\n$/, '') };
  throw new SecretsError('secret_unusable', `What ${place} holds is no JSON object with the members of the credential.`);
}

function memberIn(bytes: Uint8Array, member: string, place: string): Uint8Array {
  const value = jsonOf(Buffer.from(bytes).toString('utf8'));
  const found = typeof value === 'object' && value !== null && Object.hasOwn(value, member) ? (value as Record<string, unknown>)[member] : undefined;
  if (found === undefined || found === null) throw new SecretsError('secret_missing', `What ${place} names is no JSON object with the member ${member}.`);
  return Buffer.from(typeof found === 'string' ? found : JSON.stringify(found));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
