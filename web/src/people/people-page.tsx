import { Anchor, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconUserPlus, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { AccessNav } from '../access/access-nav.tsx';
import { rolesQuery } from '../api/access-queries.ts';
import type { Schemas } from '../api/client.ts';
import { peopleQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Notice } from '../parts/notice.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { nameOfRole } from '../roles/role-words.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { Groups } from './groups.tsx';
import { Invitations } from './invitations.tsx';
import { InviteModal } from './invite-modal.tsx';
import { PERSON_LOOKS } from './person-looks.ts';

type Person = Schemas['Person'];

const TYPING_PAUSE_MS = 300;

/** Who may sign in here, how, and with which roles; who is invited; groups. The address holds the search. */
export function PeoplePage() {
  const [search, setSearch] = useSearchParams();
  const q = search.get('q') ?? '';
  const cursor = search.get('cursor');
  const home = useHomeOnly();
  const query = useQuery({ ...peopleQuery(q, cursor), enabled: home.allowed });
  const roles = useQuery(rolesQuery);
  const { data: me } = useQuery(meQuery);
  const [inviting, setInviting] = useState(false);
  const [text, setText] = useState(q);
  const look = useDebouncedCallback((wanted: string) => setSearch(wanted.trim() === '' ? {} : { q: wanted.trim() }, { replace: true }), TYPING_PAUSE_MS);
  const rolesHere = (person: Person): string => [...new Set(person.roles.filter(({ workspace_id }) => workspace_id === me?.workspace.id).map(({ role }) => nameOfRole(role, roles.data?.items ?? [])))].join(', ');
  return (
    <Page
      title="People"
      lead="Who may sign in, and what they may do in this workspace."
      actions={<ReasonButton permission={allOf(mayCall('createInvitation', me, 'Inviting somebody'), home)} leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setInviting(true)}>Invite somebody</ReasonButton>}
    >
      <AccessNav />
      {!home.allowed ? <Notice tone="wait" title="People are kept in the home workspace">{home.because}</Notice> : (
        <Stack gap="md">
          <TextInput type="search" aria-label="Name or address" placeholder="Name or address" w={{ base: '100%', xs: 300 }} value={text} onChange={(event) => { setText(event.currentTarget.value); look(event.currentTarget.value); }} />
          <AsyncView query={query} what="people" skeletonRows={6}>
            {({ items, next_cursor }) => (items.length === 0
              ? <div className="panel"><Empty icon={IconUsers} title="Nobody">{q === '' ? 'Invite somebody, or let your directory provision people by SCIM.' : 'Nobody has that in their name or address.'}</Empty></div>
              : (
                <Stack gap="sm">
                  <DataTable
                    framed
                    label="People as a table"
                    rows={items}
                    rowKey={({ id }) => id}
                    columns={[
                      { name: 'State', cell: ({ state }) => <StateBadge state={state} look={PERSON_LOOKS[state]} /> },
                      { name: 'Name', cell: ({ id, display_name, email }) => <><Anchor component={Link} to={`/people/${id}`} fw={550}>{display_name}</Anchor>{email === null ? null : <Text size="xs" c="dimmed">{email}</Text>}</> },
                      { name: 'Person', cell: ({ id }) => <CopyId id={id} what="person id" /> },
                      { name: 'Roles here', cell: (person) => rolesHere(person) || <Text span c="dimmed" inherit>none</Text> },
                      { name: 'Groups', cell: ({ groups }) => groups.map(({ name }) => name).join(', ') },
                      { name: 'Signs in by', cell: waysOf },
                      { name: 'Last seen', cell: ({ last_seen_at }) => (last_seen_at === null ? 'never' : <TimeAgo at={last_seen_at} />) },
                    ]}
                  />
                  <Pager atStart={cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'person', 'people')} onPage={(next) => setSearch({ ...(q === '' ? {} : { q }), ...(next === null ? {} : { cursor: next }) })} />
                </Stack>
              ))}
          </AsyncView>
          {mayCall('listInvitations', me, '').allowed ? <Invitations /> : null}
          {mayCall('listGroups', me, '').allowed ? <Groups /> : null}
        </Stack>
      )}
      {inviting ? <InviteModal roles={roles.data?.items ?? []} onClose={() => setInviting(false)} /> : null}
    </Page>
  );
}

/** The ways in which a person signs in. */
export function waysOf({ identities, passkeys }: Pick<Person, 'identities' | 'passkeys'>): string {
  const ways = [...identities.map(({ provider_name }) => provider_name), ...(passkeys === 0 ? [] : [countOf(passkeys, 'passkey')])];
  return ways.join(', ') || 'a link only';
}
