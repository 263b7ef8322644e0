import { Group, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import { api, done, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { Scopes } from '../machines/scopes.tsx';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { RoleModal } from './role-modal.tsx';

type Role = Schemas['RoleDefinition'];

/** The roles that there are. Built-in ones are as they are; those of one's own can be changed, and removed when nobody holds them. */
export function RoleList({ query }: { query: UseQueryResult<{ items: Role[] }> }) {
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [editing, setEditing] = useState<Role | 'new' | null>(null);
  const [removing, setRemoving] = useState<Role | null>(null);
  return (
    <Section title="Roles there are" actions={<ReasonButton size="xs" variant="default" permission={allOf(mayCall('createRole', me, 'Making a role'), home)} leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing('new')}>Make a role</ReasonButton>}>
      <AsyncView query={query} what="roles" skeletonRows={7}>
        {({ items }) => (
          <DataTable
            label="Roles as a table"
            rows={items}
            rowKey={({ id }) => id}
            columns={[
              { name: 'Role', cell: ({ name }) => <Text span inherit fw={550}>{name}</Text> },
              { name: 'Kind', cell: ({ built_in, id }) => (built_in ? <Text span c="dimmed" inherit>built in</Text> : <>your own <CopyId id={id} what="role id" /></>) },
              { name: 'Held by', cell: ({ in_use }) => in_use ?? '' },
              { name: 'May', cell: ({ permissions }) => <Scopes scopes={permissions} /> },
              {
                name: 'Do',
                cell: (role) => (role.built_in ? <Text span size="xs" c="dimmed">the same in every tenant</Text> : (
                  <Group gap="xs" wrap="nowrap">
                    <ReasonButton size="xs" variant="default" permission={allOf(mayCall('updateRole', me, 'Changing a role'), home)} onClick={() => setEditing(role)}>Change</ReasonButton>
                    <ReasonButton size="xs" variant="default" permission={allOf(given((role.in_use ?? 0) === 0, 'Somebody holds it. Take it from them first.'), mayCall('deleteRole', me, 'Removing a role'), home)} onClick={() => setRemoving(role)}>Remove</ReasonButton>
                  </Group>
                )),
              },
            ]}
          />
        )}
      </AsyncView>
      {editing === null ? null : <RoleModal role={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {removing === null ? null : <RemoveModal role={removing} onClose={() => setRemoving(null)} />}
    </Section>
  );
}

function RemoveModal({ role, onClose }: { role: Role; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/roles/{role_id}', { params: { path: { role_id: role.id } } })),
    says: () => `The role ${role.name} is no more`,
    touches: ['roles'],
    onDone: onClose,
  });
  return <FormModal title={`Remove the role ${role.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}><Text size="sm">Nobody holds it. It cannot be given any more.</Text></FormModal>;
}
