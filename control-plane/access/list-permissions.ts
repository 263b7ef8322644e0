import { EVERY_ROLE, OPERATION_PERMISSION, PERMISSION_NAMES, ROLE_PERMISSIONS, rolesWith, SECOND_PERSON_OPERATIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { Answer } from '../api/operation.ts';

/** The whole table of permissions, for whoever makes roles of their own. */
export function listPermissions(): Promise<Answer<'listPermissions'>> {
  const operations = Object.entries(OPERATION_PERMISSION);
  const secondPerson = new Set<string>(SECOND_PERSON_OPERATIONS);
  return Promise.resolve({
    status: 200,
    body: {
      items: PERMISSION_NAMES.map((name) => {
        const allowed = operations.filter(([, need]) => need === name).map(([operation]) => operation);
        return { name, roles: [...rolesWith(name)], operations: allowed, second_person: allowed.some((operation) => secondPerson.has(operation)) };
      }),
      roles: EVERY_ROLE.map((role) => ({ role, permissions: [...ROLE_PERMISSIONS[role]] })),
    },
  });
}
