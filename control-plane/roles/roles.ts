import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { listPermissions } from '../access/list-permissions.ts';
import type { Settings } from '../access/settings.ts';
import type { Handlers } from '../api/operation.ts';
import { Assignments } from './assignments.ts';
import { RoleDefinitions } from './role-definitions.ts';

export type RolesOperation = 'listRoles' | 'createRole' | 'updateRole' | 'deleteRole' | 'listRoleAssignments' | 'grantRole' | 'revokeRole' | 'getGroupRoles' | 'putGroupRoles'
  | 'getAuthorization' | 'putAuthorization' | 'listPermissions';

/** Who may do what: roles, who holds them, and what is demanded on top. */
export class Roles {
  readonly handlers: Pick<Handlers, RolesOperation>;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly settings: Settings }) {
    const definitions = new RoleDefinitions(parts);
    const assignments = new Assignments(parts);
    const { settings } = parts;
    this.handlers = {
      listRoles: (call) => definitions.listRoles(call),
      createRole: (call) => definitions.createRole(call),
      updateRole: (call) => definitions.updateRole(call),
      deleteRole: (call) => definitions.deleteRole(call),
      listRoleAssignments: (call) => assignments.listRoleAssignments(call),
      grantRole: (call) => assignments.grantRole(call),
      revokeRole: (call) => assignments.revokeRole(call),
      getGroupRoles: (call) => assignments.getGroupRoles(call),
      putGroupRoles: (call) => assignments.putGroupRoles(call),
      getAuthorization: (call) => settings.getAuthorization(call),
      putAuthorization: (call) => settings.putAuthorization(call),
      listPermissions: () => listPermissions(),
    };
  }
}
