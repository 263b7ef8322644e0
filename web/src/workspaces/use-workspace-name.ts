import { useQuery } from '@tanstack/react-query';
import { workspacesQuery } from '../api/tenancy-queries.ts';
import { shortenId } from '../format/ids.ts';

/** Gives the name of a workspace; of one that whoever looks may not see, its id. */
export function useWorkspaceName(): (workspaceId: string) => string {
  const { data } = useQuery(workspacesQuery);
  return (workspaceId) => data?.items.find(({ id }) => id === workspaceId)?.name ?? shortenId(workspaceId);
}
