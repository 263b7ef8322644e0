import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import type { ErrorCode } from '@countersign/contracts/errors/catalogue.ts';
import type { Principal } from '../identity/principal.ts';

/** Response headers that tell a caller how much it has left. */
export type LimitHeaders = Readonly<Record<string, string>>;

export interface RequestLimits {
  /** @throws ApiError `rate_limited`, `quota_exceeded` */
  take(principal: Principal | null, address: string, operation: OperationId): Promise<LimitHeaders>;
}

export interface TenantStates {
  /** `tx`: the transaction that whoever asks is in, which holds a connection already. @throws ApiError `tenant_elsewhere`, `tenant_suspended` */
  refuseUnlessServed(tenantId: string, tx?: Transaction): Promise<void>;
}

export interface ApiQuestion {
  readonly operation: OperationId;
  readonly principal: Principal;
  /** What is carried out later was asked for with a sign-in that was strong and fresh enough then. */
  readonly signInWasChecked?: boolean;
}

export type ApiDecision =
  | { readonly allow: true; readonly require: 'second_person' | null }
  | { readonly allow: false; readonly code: Extract<ErrorCode, 'forbidden' | 'scope_missing' | 'step_up_required'>; readonly detail: string };

export interface Authorizer {
  /** @throws ApiError `authorization_unavailable` where no answer could be had: that is a refusal, too */
  decide(question: ApiQuestion): Promise<ApiDecision>;
}
