import type { JWK } from 'jose';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { ClientKey } from './client-keys.ts';

export interface ClientKeyRow {
  readonly kid: string;
  readonly algorithm: ClientKey['algorithm'];
  readonly public_jwk: JWK;
}

export const findClientKeys: Statement = { name: 'machines.find_client_keys', text: 'SELECT kid, algorithm, public_jwk FROM control.oauth_client_keys WHERE tenant_id = $1 AND client_id = $2 ORDER BY added_at, kid' };

/** 0 rows: it has this key already. */
export const addClientKey: Statement = {
  name: 'machines.add_client_key',
  text: `INSERT INTO control.oauth_client_keys (tenant_id, client_id, kid, algorithm, public_jwk, added_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT oauth_client_keys_pk DO NOTHING`,
};

export const removeClientKey: Statement = { name: 'machines.remove_client_key', text: 'DELETE FROM control.oauth_client_keys WHERE tenant_id = $1 AND client_id = $2 AND kid = $3' };

/** Whoever adds a key can act as the client from then on, as one who is shown its secret can. $4 takes the place of the secret, and nobody knows what it is the digest of. */
export const noteKeyAdder: Statement = {
  name: 'machines.note_key_adder',
  text: 'UPDATE control.oauth_clients SET rotated_by = array_append(array_remove(rotated_by, $3), $3), secret_sha256 = $4, previous_secret_sha256 = NULL, previous_until = NULL, version = version + 1 WHERE tenant_id = $1 AND id = $2',
};

/** 0 rows: this one was used before. */
export const useAssertionId: Statement = {
  name: 'machines.use_assertion_id',
  text: 'INSERT INTO control.oauth_assertion_replays (tenant_id, client_id, jti_sha256, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT ON CONSTRAINT oauth_assertion_replays_pk DO NOTHING',
};

/** Past the tolerance of clocks nobody accepts the assertion anyway. */
export const forgetAssertionIds: Statement = { name: 'machines.forget_assertion_ids', text: `DELETE FROM control.oauth_assertion_replays WHERE tenant_id = $1 AND expires_at < clock_timestamp() - interval '10 minutes'` };
