import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Schemas = components['schemas'];

/** The name of a role that is given by name (built in) or by id (of the tenant's own). */
export function nameOfRole(role: string, roles: ReadonlyArray<Pick<Schemas['RoleDefinition'], 'id' | 'name'>>): string {
  return roles.find(({ id }) => id === role)?.name ?? role;
}

const SOURCES: Record<string, string> = { direct: 'given here', group: 'a group', break_glass: 'break-glass, for a while', federation: 'a federation' };

/** By what a role is held: `group:grp_...` is a group. */
export function sourceInWords(source: string): string {
  return SOURCES[source.split(':')[0] ?? source] ?? source;
}

export interface PermissionChange {
  added: string[];
  removed: string[];
}

/** What a change gives and takes, each in order. */
export function changeOf(before: readonly string[], after: readonly string[]): PermissionChange {
  return { added: after.filter((one) => !before.includes(one)).toSorted(), removed: before.filter((one) => !after.includes(one)).toSorted() };
}
