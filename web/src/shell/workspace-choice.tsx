import { Menu, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { toastProblem } from '../parts/toast.tsx';

/** The workspaces in which one has a role. Another one is another place: everything that was read is left behind. */
export function WorkspaceChoice({ me }: { me: Schemas['Me'] }) {
  const choose = useMutation({
    mutationFn: (workspace_id: string) => dataOf(api.PUT('/api/v1/me/workspace', { body: { workspace_id } })),
    onSuccess: () => window.location.assign('/runs'),
    onError: toastProblem,
  });
  const workspaces = me.workspaces ?? [];
  if (workspaces.length < 2) return null;
  return (
    <>
      <Menu.Label>Workspace</Menu.Label>
      <Menu.RadioGroup value={me.workspace.id} onChange={(id) => choose.mutate(id)}>
        {workspaces.map(({ id, name, is_home }) => <Menu.RadioItem key={id} value={id} disabled={choose.isPending}>{name}{is_home ? <Text span size="xs" c="dimmed"> (home)</Text> : null}</Menu.RadioItem>)}
      </Menu.RadioGroup>
      <Menu.Divider />
    </>
  );
}
