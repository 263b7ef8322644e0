import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPermission, OPERATION_PERMISSION } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { bearerOf, findPrincipal } from '../http/authenticate.ts';
import type { Cookies } from '../http/cookies.ts';
import { refuseForeignOrigin } from '../http/csrf.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import type { Principal } from '../identity/principal.ts';
import { sameDigest } from '../identity/tokens.ts';
import type { Denials } from './denials.ts';
import type { Authorizer, RequestLimits, TenantStates } from './ports.ts';

export interface AccessParts {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly denials: Denials;
  readonly limits: RequestLimits;
  readonly tenantStates: TenantStates;
  readonly publicUrl: string;
  readonly cookies: Cookies;
  /** SHA-256, hex, of the keys of those who operate the cell, by name; none: nobody does over the API. */
  readonly cellKeys: ReadonlyMap<string, string>;
  /** Whom a request is counted against before it is known who sent it. */
  readonly addressOf: (request: IncomingMessage) => string;
}

/** Who was let in, and what has to happen before it is done. */
export interface Admission {
  /** Null for operations that no principal calls. */
  readonly principal: Principal | null;
  /** By which key of the cell, for what only those who operate it call. */
  readonly operator: string | null;
  readonly require: 'second_person' | null;
  /** Whom the request was counted against, had it shown no credentials. */
  readonly address: string;
}

/** The one way into an operation: who is asking, is their tenant served here, did they ask too often, may they do this. */
export class Access {
  readonly #parts: AccessParts;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  /**
   * Lets a request in.
   *
   * @throws ApiError `unauthenticated`, `csrf_refused`, `forbidden`, `scope_missing`, `step_up_required`, `rate_limited`, `quota_exceeded`,
   *   `tenant_elsewhere`, `tenant_suspended`, `workspace_archived`, `authorization_unavailable`; `not_found` for what only the cell's operator calls
   */
  async admit(request: IncomingMessage, operation: OperationId, response: ServerResponse): Promise<Admission> {
    const need: string = OPERATION_PERMISSION[operation];
    const { authenticator, limits, tenantStates, publicUrl } = this.#parts;
    const address = this.#parts.addressOf(request);
    if (need === 'public' || need === 'cell') {
      setHeaders(response, await limits.take(null, address, operation));
      return { principal: null, operator: need === 'cell' ? this.#operatorOf(request) : null, require: null, address };
    }
    const principal = await findPrincipal(request, authenticator, this.#parts.cookies);
    if (principal === null) {
      setHeaders(response, await limits.take(null, address, operation));
      throw new ApiError('unauthenticated', 'Sign in, or send a valid API key.', { headers: { 'www-authenticate': 'Bearer' } });
    }
    await tenantStates.refuseUnlessServed(principal.tenantId);
    if (principal.via.kind === 'session') refuseForeignOrigin(request, publicUrl);
    setHeaders(response, await limits.take(principal, address, operation));
    const require = await this.#authorise(operation, principal);
    if (principal.isInArchivedWorkspace) refuseChange(request, operation);
    return { principal, operator: null, require, address };
  }

  async #authorise(operation: OperationId, principal: Principal): Promise<Admission['require']> {
    const decision = await this.#parts.authorizer.decide({ operation, principal });
    if (decision.allow) return decision.require;
    await this.#parts.denials.note(principal, operation, decision.code);
    throw new ApiError(decision.code, decision.detail);
  }

  /** To everybody else these paths are like paths that do not exist. */
  #operatorOf(request: IncomingMessage): string {
    const key = bearerOf(request);
    const sent = key === null ? '' : hash('sha256', key, 'hex');
    // Each is compared, whichever it is.
    const found = [...this.#parts.cellKeys].filter(([, sha256]) => sameDigest(sent, sha256)).map(([name]) => name);
    if (found[0] === undefined) throw new ApiError('not_found', 'There is no such path in the API.');
    return found[0];
  }
}

/** They answer a POST and change nothing that runs: what there was is still looked into and exported. */
const STILL_DONE: ReadonlySet<string> = new Set(['evidence:build', 'audit:export', 'decisions:export', 'policies:simulate']);

/** What concerns only whoever asks (their sessions, their workspace) takes no permission, and is nobody else's. */
function refuseChange({ method }: IncomingMessage, operation: OperationId): void {
  const need: string = OPERATION_PERMISSION[operation];
  if (method === 'GET' || !isPermission(need) || STILL_DONE.has(need)) return;
  throw new ApiError('workspace_archived', 'The workspace is archived: what is there can be read, and nothing is changed.');
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
