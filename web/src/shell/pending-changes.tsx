import { useQuery } from '@tanstack/react-query';
import { changeRequestsQuery } from '../api/access-queries.ts';
import type { Schemas } from '../api/client.ts';

/** How many changes wait that one may decide: `3`, or `50+` when there are more than one page. Null when none does. */
export function usePendingChanges(me: Schemas['Me']): string | null {
  const { data } = useQuery({ ...changeRequestsQuery('pending'), enabled: me.permissions?.includes('changes:decide') === true });
  const count = (data?.items ?? []).filter(({ may_decide }) => may_decide).length;
  if (count === 0) return null;
  return data?.next_cursor == null ? `${count}` : `${count}+`;
}
