import { OPERATION_PERMISSION, isPermission, rolesWith } from '@countersign/contracts/openapi/permissions.ts';
import { may } from './may.ts';
import type { ApiDecision, ApiQuestion, Authorizer } from './ports.ts';

/** Decides by the table of permissions alone. */
export const tableAuthorizer: Authorizer = {
  decide: ({ operation, principal }: ApiQuestion): Promise<ApiDecision> => {
    const need = OPERATION_PERMISSION[operation];
    if (!isPermission(need) || may(principal, need)) return Promise.resolve({ allow: true, require: null });
    return Promise.resolve({ allow: false, code: 'forbidden', detail: `This needs one of the roles: ${rolesWith(need).join(', ')}.` });
  },
};
