import { Modal, MultiSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { rolesQuery } from '../api/access-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { groupRolesQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { useAct } from '../parts/use-act.ts';
import { mayCall } from '../states/role-permission.ts';

type Group = Schemas['Group'];

/** What members of a group hold in this workspace; what they hold in others stays as it is. */
export function GroupRolesModal({ group, onClose }: { group: Group; onClose: () => void }) {
  const query = useQuery(groupRolesQuery(group.id));
  const { data: me } = useQuery(meQuery);
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>What members of {group.name} hold</Text>}>
      <AsyncView query={query} what="the roles of the group" skeletonRows={2}>{({ roles }) => (me === undefined ? null : <Form group={group} held={roles} me={me} onClose={onClose} />)}</AsyncView>
    </Modal>
  );
}

function Form({ group, held, me, onClose }: { group: Group; held: ReadonlyArray<Schemas['GroupRole']>; me: Schemas['Me']; onClose: () => void }) {
  const { data: roles } = useQuery(rolesQuery);
  const elsewhere = held.filter(({ workspace_id }) => workspace_id !== me.workspace.id);
  const [chosen, setChosen] = useState(held.filter(({ workspace_id }) => workspace_id === me.workspace.id).map(({ role }) => role));
  const put = useAct({
    act: () => dataOf(api.PUT('/api/v1/groups/{group_id}/roles', {
      params: { path: { group_id: group.id } },
      body: { roles: [...elsewhere.map(({ workspace_id, role }) => ({ workspace_id, role })), ...chosen.map((role) => ({ workspace_id: me.workspace.id, role }))] },
    })),
    says: () => `Members of ${group.name} hold it from now on`,
    touches: ['group-roles', 'people', 'role-assignments', 'me'],
    onDone: onClose,
  });
  return (
    <Stack gap="md">
      <MultiSelect label={`In ${me.workspace.name}`} description={elsewhere.length === 0 ? undefined : `And ${elsewhere.length} in other workspaces, which stay.`} hidePickedOptions data={(roles?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))} value={chosen} onChange={setChosen} />
      {put.error === null ? null : <ProblemView error={put.error} />}
      <ReasonButton permission={mayCall('putGroupRoles', me, 'Giving a group roles')} loading={put.isPending} onClick={() => put.mutate(undefined)}>Set it</ReasonButton>
    </Stack>
  );
}
