import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Authorizer } from '../access/ports.ts';
import type { AnyAnswer, Handlers, RoutedOperationId } from '../api/operation.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import type { HeldCall } from './held-call.ts';
import type { ChangeRow } from './queries.ts';

export interface CarryOutParts {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly log: Logger;
}

export interface Outcome {
  readonly state: 'executed' | 'failed';
  readonly result: { readonly status?: number; readonly code?: string; readonly detail?: string };
}

/** Does what was approved: the very call, by the very handler, for who had asked and as they are now. */
export class CarryOut {
  readonly #parts: CarryOutParts;
  #handlers: Handlers | undefined;

  constructor(parts: CarryOutParts) {
    this.#parts = parts;
  }

  /** The handlers are made of parts that are made after this one. Gives them back. */
  by(handlers: Handlers): Handlers {
    this.#handlers = handlers;
    return handlers;
  }

  /** The call that was sealed. @throws ApiError `internal` where it is not the one with this digest */
  read(bytes: Uint8Array, digest: string): HeldCall {
    if (digestOfBytes(bytes) !== digest) throw new ApiError('internal', 'The stored change is not the one that was asked for.', { cause: 'digest of a change request' });
    return parseCanonical(bytes) as unknown as HeldCall;
  }

  /** What the world refuses now is an outcome, too. */
  async run(tenantId: string, row: ChangeRow, call: HeldCall, request: { readonly requestId: string; readonly signal: AbortSignal }): Promise<Outcome> {
    try {
      return { state: 'executed', result: { status: await this.#do(tenantId, row, call, request) } };
    } catch (error) {
      if (error instanceof ApiError) return { state: 'failed', result: { code: error.code, detail: error.message } };
      this.#parts.log.error({ err: error, change_request: row.id, request_id: request.requestId }, 'an approved change could not be carried out');
      return { state: 'failed', result: { code: 'internal', detail: `Something went wrong; the operator finds more in the log under ${request.requestId}.` } };
    }
  }

  async #do(tenantId: string, row: ChangeRow, { path, query, headers, body }: HeldCall, { requestId, signal }: { readonly requestId: string; readonly signal: AbortSignal }): Promise<number> {
    const operation = row.operation as RoutedOperationId;
    const principal = await this.#parts.authenticator.byId(tenantId, row.requested_by, row.workspace_id, { kind: 'change_request', changeId: row.id });
    if (principal === null) throw new ApiError('principal_disabled', 'Whoever asked for it may not sign in any more.');
    const decision = await this.#parts.authorizer.decide({ operation, principal, signInWasChecked: true });
    if (!decision.allow) throw new ApiError(decision.code, decision.detail);
    const handler = this.#handlers?.[operation] as ((call: unknown) => Promise<AnyAnswer>) | undefined;
    if (handler === undefined) throw new ApiError('internal', 'This operation cannot be carried out later.', { cause: operation });
    return (await handler({ requestId, principal, path, query, headers, body: body ?? undefined, signal })).status;
  }
}
