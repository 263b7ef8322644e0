import { Group, Text } from '@mantine/core';
import { IconUserPlus, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { assignmentsQuery } from '../api/access-queries.ts';
import { api, done, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { GrantModal } from './grant-modal.tsx';
import { nameOfRole, sourceInWords } from './role-words.ts';

type Assignment = Schemas['RoleAssignment'];

interface Props {
  roles: ReadonlyArray<Schemas['RoleDefinition']>;
  /** Only what this person or service account holds. */
  principalId?: string;
}

/** Who holds which role in this workspace, and by what: given here, by a group, or for a while in an emergency. */
export function Assignments({ roles, principalId }: Props) {
  const query = useQuery(assignmentsQuery(principalId ?? null));
  const { data: me } = useQuery(meQuery);
  const [granting, setGranting] = useState(false);
  const [taking, setTaking] = useState<Assignment | null>(null);
  const mayTake = mayCall('revokeRole', me, 'Taking a role');
  return (
    <Section
      title={principalId === undefined ? 'Who holds what here' : 'Roles here'}
      note={me === undefined ? undefined : `In ${me.workspace.name}`}
      actions={<ReasonButton size="xs" variant="default" permission={mayCall('grantRole', me, 'Giving a role')} leftSection={<IconUserPlus size={15} aria-hidden />} onClick={() => setGranting(true)}>Give a role</ReasonButton>}
    >
      <AsyncView query={query} what="role assignments" skeletonRows={4}>
        {({ items }) => (items.length === 0
          ? <Empty icon={IconUsers} title="No role here">Without a role in a workspace nothing of it can be seen.</Empty>
          : (
            <DataTable
              label="Role assignments as a table"
              rows={items}
              rowKey={({ principal_id, role, source }) => `${principal_id} ${role} ${source}`}
              columns={[
                { name: 'Who', cell: ({ principal_id, display_name, kind }) => <Group gap={8} wrap="nowrap"><Text span inherit fw={550}>{display_name}</Text>{kind === 'service' ? <Text span size="xs" c="dimmed">a service</Text> : null}<CopyId id={principal_id} what="principal id" /></Group> },
                { name: 'Role', cell: ({ role }) => nameOfRole(role, roles) },
                { name: 'By', cell: ({ source }) => sourceInWords(source) },
                { name: 'Since', cell: ({ granted_at, granted_by }) => <><TimeAgo at={granted_at} />{granted_by === null ? null : <Text span size="xs" c="dimmed"> by <CopyId id={granted_by} what="who gave it" /></Text>}</> },
                { name: 'Ends', cell: ({ expires_at }) => (expires_at === null ? 'never' : <TimeAgo at={expires_at} />) },
                { name: 'Do', cell: (one) => <ReasonButton size="xs" variant="default" permission={allOf(given(one.source === 'direct', 'It comes by something else: end that.'), mayTake)} onClick={() => setTaking(one)}>Take away</ReasonButton> },
              ]}
            />
          ))}
      </AsyncView>
      {granting ? <GrantModal roles={roles} principalId={principalId} onClose={() => setGranting(false)} /> : null}
      {taking === null ? null : <TakeModal assignment={taking} role={nameOfRole(taking.role, roles)} onClose={() => setTaking(null)} />}
    </Section>
  );
}

function TakeModal({ assignment, role, onClose }: { assignment: Assignment; role: string; onClose: () => void }) {
  const { principal_id, workspace_id, display_name } = assignment;
  const take = useAct({
    act: () => done(api.DELETE('/api/v1/role-assignments', { params: { query: { principal_id, workspace_id, role: assignment.role } } })),
    says: () => `${display_name} holds ${role} no more`,
    touches: ['role-assignments', 'roles', 'people', 'me'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Take ${role} from ${display_name}`} confirm="Take it away" danger pending={take.isPending} error={take.error} onClose={onClose} onSubmit={() => take.mutate(undefined)}>
      <Text size="sm">From the next request on. Votes that were cast with it count only while the role is held when the action is carried out.</Text>
    </FormModal>
  );
}
