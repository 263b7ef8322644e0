import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries.ts';
import { homeOnly } from '../states/home-only.ts';
import type { Permission } from '../states/permission.ts';

/** Whether this tab is where what concerns the whole tenant is changed. */
export function useHomeOnly(): Permission {
  const { data: me } = useQuery(meQuery);
  return homeOnly(me?.workspaces ?? [], me?.workspace.id);
}
