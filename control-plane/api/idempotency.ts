import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';

const find: Statement = {
  name: 'api.find_request',
  text: `SELECT route, request_sha256, response_body ->> 'id' AS id FROM control.idempotent_requests WHERE tenant_id = $1 AND principal_id = $2 AND key = $3`,
};

const remember: Statement = {
  name: 'api.remember_request',
  text: `INSERT INTO control.idempotent_requests (tenant_id, principal_id, key, route, request_sha256, response_status, response_body)
         VALUES ($1, $2, $3, $4, $5, 201, jsonb_build_object('id', $6::text)) ON CONFLICT DO NOTHING`,
};

/** A request that may come again with the same Idempotency-Key, and then makes nothing new. */
export interface Repeatable {
  readonly principal: Principal;
  /** Undefined where the caller sent none: then every request is the first. */
  readonly key: string | undefined;
  readonly route: string;
  readonly requestDigest: string;
}

/** What the first request with this key made, by its id; undefined for the first one. @throws ApiError `idempotency_key_reused` */
export async function madeBefore(tx: Transaction, { principal, key, route, requestDigest }: Repeatable): Promise<string | undefined> {
  if (key === undefined) return undefined;
  const first = await tx.maybeOne<{ route: string; request_sha256: string; id: string }>(find, [principal.tenantId, principal.id, key]);
  if (first === undefined) return undefined;
  if (first.route !== route || first.request_sha256 !== requestDigest) throw new ApiError('idempotency_key_reused', 'This Idempotency-Key came before with another request.');
  return first.id;
}

/** Keeps what was made, in the transaction that makes it; gives the id of what another request with the same key made meanwhile, whose transaction was first. */
export async function rememberMade(tx: Transaction, request: Repeatable, id: string): Promise<string | undefined> {
  const { principal, key, route, requestDigest } = request;
  if (key === undefined || await tx.change(remember, [principal.tenantId, principal.id, key, route, requestDigest, id]) === 1) return undefined;
  return madeBefore(tx, request);
}
