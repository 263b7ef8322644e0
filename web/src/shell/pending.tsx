import { VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { approvalsQuery } from '../api/queries.ts';
import { nounOf } from '../format/count.ts';

const PENDING_LIMIT = 50;

/** How many approvals wait: `3`, or `50+` when there are more than one page. Undefined until known. */
export function usePendingCount(): { count: number; text: string } | undefined {
  const { data } = useQuery(approvalsQuery(['pending'], PENDING_LIMIT));
  if (data === undefined) return undefined;
  return { count: data.items.length, text: data.next_cursor === null ? `${data.items.length}` : `${data.items.length}+` };
}

/** Tells who cannot see the badge when the number of waiting approvals changes. */
export function PendingAnnouncer() {
  const pending = usePendingCount();
  return (
    <VisuallyHidden>
      <div role="status" aria-live="polite" aria-label="Waiting approvals">{pending === undefined ? '' : `${pending.text} ${nounOf(pending.count, 'approval waits', 'approvals wait')} for a decision`}</div>
    </VisuallyHidden>
  );
}
