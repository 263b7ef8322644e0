import type { Transaction } from '../postgres/database.ts';
import type { Keys, SigningKey, SigningPurpose } from './keys.ts';
import { signingGenerationIn } from './repository-key-store.ts';

/** The key that signs for a purpose now, by what this transaction sees: never one that it sees revoked, nor one that is not yet to sign. */
export async function signerNow(tx: Transaction, keys: Keys, tenantId: string, purpose: SigningPurpose): Promise<SigningKey> {
  return keys.signingKey(tenantId, purpose, await signingGenerationIn(tx, tenantId, purpose));
}
