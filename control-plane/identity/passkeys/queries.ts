import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface PasskeyRow {
  readonly id: string;
  readonly principal_id: string;
  readonly name: string;
  readonly credential_id: Buffer;
  readonly public_key: Buffer;
  /** 2^53 is far beyond what an authenticator counts to. */
  readonly counter: number;
  readonly transports: string[];
  readonly backed_up: boolean;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
}

const COLUMNS = 'k.id, k.principal_id, k.name, k.credential_id, k.public_key, k.counter::float8 AS counter, k.transports, k.backed_up, k.created_at, k.last_used_at';

export const listPasskeys: Statement = {
  name: 'passkeys.list',
  text: `SELECT ${COLUMNS} FROM control.passkeys k WHERE k.tenant_id = $1 AND k.principal_id = $2 ORDER BY k.created_at, k.id LIMIT 100`,
};

export const insertPasskey: Statement = {
  name: 'passkeys.insert',
  text: `
    INSERT INTO control.passkeys AS k (tenant_id, id, principal_id, name, credential_id, public_key, counter, transports, aaguid, backed_up)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${COLUMNS}`,
};

/** Of somebody who may sign in. */
export const findPasskey: Statement = {
  name: 'passkeys.find',
  text: `
    SELECT ${COLUMNS} FROM control.passkeys k JOIN control.principals p ON (p.tenant_id, p.id) = (k.tenant_id, k.principal_id)
     WHERE k.tenant_id = $1 AND k.credential_id = $2 AND p.disabled_at IS NULL`,
};

/** Only from the counter that was checked: of two assertions with one counter, one counts. `$4`: the new one; authenticators that do not count stay at 0. */
export const usePasskey: Statement = {
  name: 'passkeys.use',
  text: `UPDATE control.passkeys SET counter = $4, backed_up = $5, last_used_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND counter = $3`,
};

export const deletePasskey: Statement = {
  name: 'passkeys.delete',
  text: 'DELETE FROM control.passkeys WHERE tenant_id = $1 AND id = $2 AND principal_id = $3',
};

/** How many ways to sign in somebody has by themselves: passkeys, and identities at providers that are enabled. */
export const countWays: Statement = {
  name: 'passkeys.count_ways',
  text: `
    SELECT ((SELECT count(*) FROM control.passkeys WHERE tenant_id = $1 AND principal_id = $2)
          + (SELECT count(*) FROM control.external_identities x JOIN control.identity_providers i ON (i.tenant_id, i.id) = (x.tenant_id, x.provider_id)
              WHERE x.tenant_id = $1 AND x.principal_id = $2 AND i.enabled))::int AS ways`,
};

/** One change of somebody's ways to sign in at a time. */
export const lockPerson: Statement = {
  name: 'passkeys.lock_person',
  text: 'SELECT id FROM control.principals WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
};
