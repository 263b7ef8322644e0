import { api, dataOf, type Schemas } from '../api/client.ts';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { useAct } from '../parts/use-act.ts';

/** Takes a workspace out of use, or an archived one into use again. */
export function ArchiveModal({ workspace: { id, name, archived_at }, onClose }: { workspace: Schemas['Workspace']; onClose: () => void }) {
  const inUse = archived_at === null;
  const change = useAct({
    act: (reason: string) => {
      const call = { params: { path: { workspace_id: id } }, body: { reason } };
      return dataOf(inUse ? api.POST('/api/v1/workspaces/{workspace_id}/archive', call) : api.POST('/api/v1/workspaces/{workspace_id}/restore', call));
    },
    says: () => (inUse ? `${name} is archived: nothing begins in it` : `${name} is in use again`),
    touches: ['workspaces', 'me', 'limits', 'schedules'],
    onDone: onClose,
  });
  return (
    <ReasonModal
      title={inUse ? `Archive ${name}` : `Restore ${name}`}
      explanation={inUse
        ? 'Nothing begins in it any more: its webhooks are refused, its schedules rest, and requests that act in it only read. What is there stays. It is refused while runs have not ended.'
        : 'What begins there begins again. What its schedules were due for meanwhile is caught up as each of them says.'}
      confirm={inUse ? 'Archive it' : 'Restore it'}
      danger={inUse}
      minLength={3}
      maxLength={500}
      pending={change.isPending}
      error={change.error}
      onClose={onClose}
      onConfirm={(reason) => change.mutate(reason)}
    />
  );
}
