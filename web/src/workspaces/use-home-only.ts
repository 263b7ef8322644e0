import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries.ts';
import { workspacesQuery } from '../api/tenancy-queries.ts';
import { homeOnly } from '../states/home-only.ts';
import type { Permission } from '../states/permission.ts';

/** Whether this tab is where what concerns the whole tenant is changed. */
export function useHomeOnly(): Permission {
  const { data: me } = useQuery(meQuery);
  const { data } = useQuery(workspacesQuery);
  return homeOnly(data?.items ?? me?.workspaces ?? [], me?.workspace.id);
}
