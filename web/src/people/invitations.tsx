import { Text } from '@mantine/core';
import { IconMail } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, done, type Schemas } from '../api/client.ts';
import { invitationsQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { INVITATION_LOOKS } from './person-looks.ts';

type Invitation = Schemas['Invitation'];

/** Who is invited, and did not come in yet or did. */
export function Invitations() {
  const query = useQuery(invitationsQuery);
  return (
    <Section title="Invitations">
      <AsyncView query={query} what="invitations" skeletonRows={2}>
        {({ items }) => (items.length === 0 ? <Empty icon={IconMail} title="Nobody is invited" /> : (
          <DataTable
            label="Invitations as a table"
            rows={items}
            rowKey={({ id }) => id}
            columns={[
              { name: 'State', cell: ({ state }) => <StateBadge state={state} look={INVITATION_LOOKS[state]} /> },
              { name: 'Who', cell: ({ display_name, email }) => <><Text span inherit fw={550}>{display_name}</Text><Text size="xs" c="dimmed">{email}</Text></> },
              { name: 'Invitation', cell: ({ id }) => <CopyId id={id} what="invitation id" /> },
              { name: 'Roles', cell: ({ roles }) => roles.join(', ') || 'none' },
              { name: 'Invited', cell: ({ created_at, invited_by }) => <><TimeAgo at={created_at} /> <Text span size="xs" c="dimmed">by <CopyId id={invited_by} what="who invited" /></Text></> },
              { name: 'Ends', cell: ({ expires_at }) => <TimeAgo at={expires_at} /> },
              { name: 'Do', cell: (invitation) => <Withdraw invitation={invitation} /> },
            ]}
          />
        ))}
      </AsyncView>
    </Section>
  );
}

function Withdraw({ invitation }: { invitation: Invitation }) {
  const { data: me } = useQuery(meQuery);
  const withdraw = useAct({
    act: () => done(api.DELETE('/api/v1/invitations/{invitation_id}', { params: { path: { invitation_id: invitation.id } } })),
    says: () => `The invitation of ${invitation.display_name} opens nothing any more`,
    touches: ['invitations'],
    toastsProblem: true,
  });
  const permission = allOf(given(invitation.state === 'open', `It is ${invitation.state}.`), mayCall('revokeInvitation', me, 'Withdrawing an invitation'));
  return <ReasonButton size="xs" variant="default" permission={permission} loading={withdraw.isPending} onClick={() => withdraw.mutate(undefined)}>Withdraw</ReasonButton>;
}
