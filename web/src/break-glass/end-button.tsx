import { Button } from '@mantine/core';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { useAct } from '../parts/use-act.ts';

/** Gives the role back before its time. */
export function EndButton({ grant }: { grant: Schemas['BreakGlass'] }) {
  const end = useAct({
    act: () => dataOf(api.POST('/api/v1/break-glass/{grant_id}/end', { params: { path: { grant_id: grant.id } } })),
    says: ({ role, display_name }) => `${display_name} holds ${role} no more. Evidence of what was done is being made`,
    touches: ['break-glass', 'me', 'role-assignments'],
    toastsProblem: true,
  });
  return <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate(undefined)}>Give it back</Button>;
}
