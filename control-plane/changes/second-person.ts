import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { auditBy } from '../access/audit.ts';
import type { Principal } from '../identity/principal.ts';
import { payloadOf } from './held-call.ts';
import { insertChange } from './queries.ts';

/** Nobody decided until then: expiry denies. */
const OPEN_MS = 72 * 3_600_000;

export interface CheckedCall {
  readonly path: object;
  readonly query: object;
  readonly headers: object;
  readonly body: unknown;
}

/** Holds calls that a second person decides. */
export class SecondPerson {
  readonly #parts: { readonly database: Database; readonly keys: Keys; readonly clock: Clock };

  constructor(parts: { readonly database: Database; readonly keys: Keys; readonly clock: Clock }) {
    this.#parts = parts;
  }

  /**
   * Keeps the call, sealed, and tells the caller where it waits.
   *
   * @throws ApiError `second_person_required`, always
   */
  async hold(principal: Principal, operation: OperationId, call: CheckedCall): Promise<never> {
    const { database, keys, clock } = this.#parts;
    const { tenantId, workspaceId } = principal;
    const id = newId('change_request');
    const { text, digest } = payloadOf(operation, call);
    // Before the transaction: a key may have to be asked for.
    const sealed = await keys.seal(tenantId, 'identity', id, Buffer.from(text));
    await database.forTenant(tenantId, async (tx) => {
      await tx.change(insertChange, [tenantId, id, workspaceId, operation, sealed, digest, JSON.stringify({ ...call.path }), principal.id, OPEN_MS]);
      await auditBy(tx, clock, principal, { type: 'change_request.created', subject: { kind: 'change_request', id }, data: { operation, payload_digest: digest } });
    });
    throw new ApiError('second_person_required', `${operation} waits for somebody else to agree.`, { members: { change_request_id: id } });
  }
}
