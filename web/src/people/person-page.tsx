import { Stack, Text } from '@mantine/core';
import { IconBan } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { AccessNav } from '../access/access-nav.tsx';
import { Sessions } from '../account/sessions.tsx';
import { rolesQuery } from '../api/access-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { personQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Facts, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { useAct } from '../parts/use-act.ts';
import { Assignments } from '../roles/assignments.tsx';
import { mayCall } from '../states/role-permission.ts';
import { waysOf } from './people-page.tsx';
import { PERSON_LOOKS } from './person-looks.ts';

/** One person: how they sign in, what they hold here, where they are signed in. */
export function PersonPage() {
  const { principalId = '' } = useParams();
  const query = useQuery(personQuery(principalId));
  const roles = useQuery(rolesQuery);
  const { data: me } = useQuery(meQuery);
  return (
    <Page title={query.data?.display_name ?? 'Person'} beside={query.data === undefined ? undefined : <StateBadge state={query.data.state} look={PERSON_LOOKS[query.data.state]} />} actions={query.data === undefined ? undefined : <Disable person={query.data} />}>
      <AccessNav />
      <AsyncView query={query} what="the person">
        {(person) => (
          <Stack gap="md">
            <Section title="Who they are">
              <Facts facts={[
                { name: 'E-mail', value: person.email ?? 'none' },
                { name: 'Person', value: <CopyId id={person.id} what="person id" /> },
                { name: 'Signs in by', value: waysOf(person) },
                { name: 'Groups', value: person.groups.map(({ name }) => name).join(', ') || 'none' },
                { name: 'Kept by', value: person.provisioned ? 'your directory (SCIM)' : 'people here' },
                { name: 'Last seen', value: person.last_seen_at === null ? 'never' : <TimeAgo at={person.last_seen_at} /> },
              ]} />
            </Section>
            <Assignments roles={roles.data?.items ?? []} principalId={person.id} />
            {me?.permissions?.includes('sessions:manage') === true ? <Sessions principalId={person.id} /> : null}
          </Stack>
        )}
      </AsyncView>
    </Page>
  );
}

function Disable({ person }: { person: Schemas['Person'] }) {
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState(false);
  const disabled = person.state === 'disabled';
  const change = useAct({
    act: () => dataOf(api.PATCH('/api/v1/people/{principal_id}', { params: { path: { principal_id: person.id } }, body: { disabled: !disabled } })),
    says: ({ display_name, state }) => `${display_name} may ${state === 'disabled' ? 'not sign in any more' : 'sign in again'}`,
    touches: ['people', 'sessions', 'api-keys'],
    onDone: () => setAsking(false),
  });
  return (
    <>
      <ReasonButton variant="default" permission={mayCall('updatePerson', me, 'Shutting somebody out')} leftSection={<IconBan size={16} aria-hidden />} onClick={() => setAsking(true)}>{disabled ? 'Let them in again' : 'Shut them out'}</ReasonButton>
      {asking ? <FormModal title={disabled ? `Let ${person.display_name} in again` : `Shut ${person.display_name} out`} confirm={disabled ? 'Let them in' : 'Shut them out'} danger={!disabled} pending={change.isPending} error={change.error} onClose={() => setAsking(false)} onSubmit={() => change.mutate(undefined)}><Text size="sm">{disabled ? 'They may sign in again, and hold the roles that they held.' : 'Their sessions end at once, and their keys open nothing. What they did stays as it is.'}</Text></FormModal> : null}
    </>
  );
}
