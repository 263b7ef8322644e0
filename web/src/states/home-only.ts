import type { Permission } from './permission.ts';

/** A workspace, as far as it must be known to say which is the tenant's home. */
export interface HomeCandidate {
  readonly id: string;
  readonly name: string;
  readonly is_home: boolean;
}

/** What concerns the whole tenant is changed in its home workspace. As long as it is not known which workspace one is in, it is left to the server to refuse. */
export function homeOnly(workspaces: readonly HomeCandidate[], current: string | undefined): Permission {
  if (workspaces.find(({ id }) => id === current)?.is_home !== false) return { allowed: true };
  const home = workspaces.find(({ is_home }) => is_home);
  return { allowed: false, because: `This concerns the whole tenant: choose its home workspace${home === undefined ? '' : `, ${home.name},`} in the menu of your account.` };
}
