import { newId } from '../ids/typeid.ts';
import type { Database, Statement, Transaction } from '../postgres/database.ts';
import type { SealPurpose, SigningPurpose } from './keys.ts';

/** A key as it is stored. */
export interface WrappedKey {
  readonly id: string;
  readonly tenant_id: string;
  readonly kind: 'seal' | 'sign';
  readonly purpose: string;
  readonly generation: number;
  readonly kek: string;
  /** Null: shredded. */
  readonly wrapped: Buffer | null;
  /** How often it has sealed, as far as was counted. */
  readonly seals: string;
}

export type NewWrappedKey = Pick<WrappedKey, 'kind' | 'purpose' | 'generation' | 'kek'> & { readonly wrapped: Uint8Array };

/**
 * Where wrapped keys are. Takes a `Database` of its own: those who seal and sign often do so inside a transaction, and a second connection of the
 * same pool, asked for by everybody who holds one, is one that nobody gets.
 */
export class KeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The key that seals now; counts what was sealed under `sealedWith.id` since it was last counted. */
  newest(tenantId: string, purpose: SealPurpose, sealedWith?: { readonly id: string; readonly count: number }): Promise<WrappedKey | undefined> {
    return this.#database.forTenant(tenantId, async (tx) => {
      if (sealedWith !== undefined && sealedWith.count > 0) await tx.change(countSeals, [tenantId, sealedWith.id, sealedWith.count]);
      return tx.maybeOne<WrappedKey>(findNewest, [tenantId, purpose]);
    });
  }

  find(tenantId: string, kind: WrappedKey['kind'], purpose: string, generation: number): Promise<WrappedKey | undefined> {
    return this.#database.forTenant(tenantId, (tx) => tx.maybeOne<WrappedKey>(findOne, [tenantId, kind, purpose, generation]));
  }

  add(tenantId: string, key: NewWrappedKey): Promise<WrappedKey> {
    return this.#database.forTenant(tenantId, (tx) => addKey(tx, tenantId, key));
  }

  /** Which generation signs now, as `signerNow` has it. */
  signingGeneration(tenantId: string, purpose: SigningPurpose): Promise<number> {
    return this.#database.forTenant(tenantId, (tx) => signingGenerationIn(tx, tenantId, purpose));
  }

  /** The id of the published key of this generation. */
  async publishedKid(tenantId: string, purpose: SigningPurpose, generation: number): Promise<string | undefined> {
    const row = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<{ kid: string }>(findPublished, [tenantId, purpose, generation]));
    return row?.kid;
  }

  /** Keys that another root key has wrapped. */
  wrappedByOthers(tenantId: string, kek: string): Promise<WrappedKey[]> {
    return this.#database.forTenant(tenantId, (tx) => tx.rows<WrappedKey>(listWrappedByOthers, [tenantId, kek]));
  }
}

/** Adds a key, or gives the one that somebody else was quicker with. Keys to seal with that are older are superseded by it. */
export async function addKey(tx: Transaction, tenantId: string, key: NewWrappedKey): Promise<WrappedKey> {
  const added = await tx.change(insertKey, [tenantId, newId('data_key'), key.kind, key.purpose, key.generation, key.kek, key.wrapped]);
  if (added === 1 && key.kind === 'seal') await tx.change(supersedeOlder, [tenantId, key.purpose, key.generation]);
  return tx.one<WrappedKey>(findOne, [tenantId, key.kind, key.purpose, key.generation]);
}

/** Puts other wrapped bytes in the place of those that were read; gives whether they still were there. Control plane only. */
export async function replaceWrapped(tx: Transaction, key: WrappedKey, kek: string, wrapped: Uint8Array): Promise<boolean> {
  return await tx.change(updateWrapped, [key.tenant_id, key.id, key.wrapped, kek, wrapped]) === 1;
}

/** The newest generation that signs already and is not revoked; the first where none was published yet. */
export async function signingGenerationIn(tx: Transaction, tenantId: string, purpose: SigningPurpose): Promise<number> {
  const row = await tx.maybeOne<{ generation: number }>(findSigningGeneration, [tenantId, purpose]);
  return row?.generation ?? 1;
}

const COLUMNS = 'id, tenant_id, kind, purpose, generation, kek, wrapped, seals';

const findNewest: Statement = {
  name: 'wrapped_keys.newest',
  text: `SELECT ${COLUMNS} FROM control.wrapped_keys WHERE tenant_id = $1 AND kind = 'seal' AND purpose = $2 ORDER BY generation DESC LIMIT 1`,
};

const findOne: Statement = {
  name: 'wrapped_keys.find',
  text: `SELECT ${COLUMNS} FROM control.wrapped_keys WHERE tenant_id = $1 AND kind = $2 AND purpose = $3 AND generation = $4`,
};

const insertKey: Statement = {
  name: 'wrapped_keys.insert',
  text: `INSERT INTO control.wrapped_keys (tenant_id, id, kind, purpose, generation, kek, wrapped) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant_id, kind, purpose, generation) DO NOTHING`,
};

const supersedeOlder: Statement = {
  name: 'wrapped_keys.supersede_older',
  text: `UPDATE control.wrapped_keys SET superseded_at = clock_timestamp()
          WHERE tenant_id = $1 AND kind = 'seal' AND purpose = $2 AND generation < $3 AND superseded_at IS NULL`,
};

const countSeals: Statement = {
  name: 'wrapped_keys.count_seals',
  text: 'UPDATE control.wrapped_keys SET seals = seals + $3::bigint WHERE tenant_id = $1 AND id = $2',
};

const listWrappedByOthers: Statement = {
  name: 'wrapped_keys.wrapped_by_others',
  text: `SELECT ${COLUMNS} FROM control.wrapped_keys WHERE tenant_id = $1 AND kek <> $2 AND wrapped IS NOT NULL ORDER BY id LIMIT 100`,
};

const updateWrapped: Statement = {
  name: 'wrapped_keys.rewrap',
  text: `UPDATE control.wrapped_keys SET kek = $4, wrapped = $5, rewrapped_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND wrapped = $3`,
};

const findSigningGeneration: Statement = {
  name: 'signing_keys.generation_now',
  text: `SELECT generation FROM control.signing_keys
          WHERE tenant_id = $1 AND purpose = $2 AND revoked_at IS NULL AND retired_at IS NULL AND (not_before IS NULL OR not_before <= clock_timestamp())
          ORDER BY generation DESC LIMIT 1`,
};

const findPublished: Statement = {
  name: 'signing_keys.kid_of_generation',
  text: 'SELECT kid FROM control.signing_keys WHERE tenant_id = $1 AND purpose = $2 AND generation = $3',
};
