import { Group as Row, MultiSelect, Text, TextInput } from '@mantine/core';
import { IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { groupsQuery, peopleQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { mayCall } from '../states/role-permission.ts';
import { GroupRolesModal } from './group-roles-modal.tsx';

type Group = Schemas['Group'];

const SOURCES: Record<Group['source'], string> = { scim: 'your directory', oidc: 'your identity provider', local: 'people here' };

/** Groups, who says who is in them, and what their members hold. */
export function Groups() {
  const query = useQuery(groupsQuery);
  const { data: me } = useQuery(meQuery);
  const [editing, setEditing] = useState<Group | 'new' | null>(null);
  const [rolesOf, setRolesOf] = useState<Group | null>(null);
  const [removing, setRemoving] = useState<Group | null>(null);
  return (
    <Section title="Groups" note="Members hold what their group holds" actions={<ReasonButton size="xs" variant="default" permission={mayCall('createGroup', me, 'Making a group')} leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing('new')}>Make a group</ReasonButton>}>
      <AsyncView query={query} what="groups" skeletonRows={2}>
        {({ items }) => (items.length === 0 ? <Empty icon={IconUsersGroup} title="No group">Make one here, or let your directory provision groups.</Empty> : (
          <DataTable
            label="Groups as a table"
            rows={items}
            rowKey={({ id }) => id}
            columns={[
              { name: 'Group', cell: ({ name }) => <Text span inherit fw={550}>{name}</Text> },
              { name: 'Id', cell: ({ id }) => <CopyId id={id} what="group id" /> },
              { name: 'Members', cell: ({ members }) => members.length },
              { name: 'Kept by', cell: ({ source }) => SOURCES[source] },
              {
                name: 'Do',
                cell: (group) => (
                  <Row gap="xs" wrap="nowrap">
                    <ReasonButton size="xs" variant="default" permission={mayCall('getGroupRoles', me, 'Reading its roles')} onClick={() => setRolesOf(group)}>Roles</ReasonButton>
                    {group.source === 'local' ? <ReasonButton size="xs" variant="default" permission={mayCall('updateGroup', me, 'Changing a group')} onClick={() => setEditing(group)}>Members</ReasonButton> : null}
                    {group.source === 'local' ? <ReasonButton size="xs" variant="default" permission={mayCall('deleteGroup', me, 'Removing a group')} onClick={() => setRemoving(group)}>Remove</ReasonButton> : null}
                  </Row>
                ),
              },
            ]}
          />
        ))}
      </AsyncView>
      {editing === null ? null : <GroupModal group={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {rolesOf === null ? null : <GroupRolesModal group={rolesOf} onClose={() => setRolesOf(null)} />}
      {removing === null ? null : <RemoveModal group={removing} onClose={() => setRemoving(null)} />}
    </Section>
  );
}

function GroupModal({ group, onClose }: { group: Group | null; onClose: () => void }) {
  const people = useQuery(peopleQuery(''));
  const [name, setName] = useState(group?.name ?? '');
  const [members, setMembers] = useState<string[]>(group?.members ?? []);
  const known = people.data?.items ?? [];
  const choices = [...known.map(({ id, display_name, email }) => ({ value: id, label: email === null ? display_name : `${display_name} (${email})` })), ...members.filter((id) => !known.some((one) => one.id === id)).map((id) => ({ value: id, label: id }))];
  const save = useAct({
    act: () => {
      const body = { name: name.trim(), members };
      return group === null ? dataOf(api.POST('/api/v1/groups', { body })) : dataOf(api.PATCH('/api/v1/groups/{group_id}', { params: { path: { group_id: group.id } }, body }));
    },
    says: (saved) => `${saved.name} has ${countOf(saved.members.length, 'member')}`,
    touches: ['groups', 'people', 'role-assignments'],
    onDone: onClose,
  });
  return (
    <FormModal title={group === null ? 'Make a group' : `Change ${group.name}`} confirm={group === null ? 'Make it' : 'Change it'} wrong={name.trim() === '' ? 'Give it a name.' : null} pending={save.isPending} error={save.error} onClose={onClose} onSubmit={() => save.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <MultiSelect label="Members" description="What the group holds they hold at once." searchable hidePickedOptions data={choices} value={members} onChange={setMembers} nothingFoundMessage="Nobody" />
    </FormModal>
  );
}

function RemoveModal({ group, onClose }: { group: Group; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/groups/{group_id}', { params: { path: { group_id: group.id } } })),
    says: () => `The group ${group.name} is no more`,
    touches: ['groups', 'people', 'role-assignments'],
    onDone: onClose,
  });
  return <FormModal title={`Remove the group ${group.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}><Text size="sm">Its members hold what it held no more.</Text></FormModal>;
}
