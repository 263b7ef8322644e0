import { Button, Group, Text } from '@mantine/core';
import { IconDeviceDesktopOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { sessionsQuery } from '../api/people-queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { given } from '../states/role-permission.ts';

type Session = Schemas['Session'];

/** Where a person is signed in, and how to end it: one's own sessions, or those of `principalId`. */
export function Sessions({ principalId }: { principalId: string | null }) {
  const query = useQuery(sessionsQuery(principalId));
  const [endingAll, setEndingAll] = useState(false);
  const others = (query.data?.items ?? []).filter(({ current }) => !current).length;
  const endAll = useAct({
    act: () => dataOf(api.POST('/api/v1/sessions/revoke', { body: principalId === null ? { except_current: true } : { principal_id: principalId, except_current: true } })),
    says: ({ revoked }) => `${countOf(revoked, 'session')} ended`,
    touches: ['sessions'],
    onDone: () => setEndingAll(false),
  });
  return (
    <Section
      title="Sessions"
      note="Ending one closes its pages within seconds"
      actions={<ReasonButton size="xs" variant="default" permission={given(others > 0, 'There is no other session.')} onClick={() => setEndingAll(true)}>{principalId === null ? 'End all others' : 'End all'}</ReasonButton>}
    >
      <AsyncView query={query} what="sessions" skeletonRows={3}>
        {({ items }) => (items.length === 0 ? <Empty icon={IconDeviceDesktopOff} title="Not signed in anywhere" /> : <DataTable label="Sessions as a table" columns={COLUMNS} rows={items} rowKey={({ id }) => id} />)}
      </AsyncView>
      {endingAll ? <FormModal title="End sessions" confirm="End them" danger pending={endAll.isPending} error={endAll.error} onClose={() => setEndingAll(false)} onSubmit={() => endAll.mutate(undefined)}><Text size="sm">{countOf(others, 'session ends', 'sessions end')} at once. What was typed there and not sent is lost.</Text></FormModal> : null}
    </Section>
  );
}

const METHODS: Record<Session['method'], string> = { link: 'a link', oidc: 'a provider', passkey: 'a passkey' };

const COLUMNS: ReadonlyArray<Column<Session>> = [
  { name: 'Session', cell: ({ id, current }) => <Group gap={6} wrap="nowrap"><CopyId id={id} what="session id" />{current ? <Text span size="xs" fw={650} c="var(--cs-ok)" style={{ whiteSpace: 'nowrap' }}>this one</Text> : null}</Group> },
  { name: 'Signed in', cell: ({ signed_in_at, method, provider_name, auth_strength }) => <>{signed_in_at === null ? null : <TimeAgo at={signed_in_at} />} <Text span size="xs" c="dimmed">by {provider_name ?? METHODS[method]}{auth_strength === 'mfa' ? ' with a second factor' : ''}</Text></> },
  { name: 'Last seen', cell: ({ last_seen_at }) => <TimeAgo at={last_seen_at} /> },
  { name: 'Ends if unused', cell: ({ expires_at }) => <TimeAgo at={expires_at} /> },
  { name: 'Where', cell: ({ user_agent, address }) => <><Text size="xs" c="dimmed" maw={360} lineClamp={2}>{user_agent ?? 'unknown browser'}</Text>{address === null ? null : <Text size="xs" c="dimmed">from the network {address}</Text>}</> },
  { name: 'End it', cell: (session) => <EndSession session={session} /> },
];

function EndSession({ session }: { session: Session }) {
  const end = useAct({
    act: () => done(api.DELETE('/api/v1/sessions/{session_id}', { params: { path: { session_id: session.id } } })),
    says: () => 'The session has ended',
    touches: ['sessions', 'me'],
    toastsProblem: true,
  });
  return <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate(undefined)}>{session.current ? 'Sign out' : 'End'}</Button>;
}
