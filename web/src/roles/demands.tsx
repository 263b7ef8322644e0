import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { authorizationQuery } from '../api/access-queries.ts';
import type { Schemas, Tagged } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { formatDuration } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Facts } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { demandInWords, rowsOf } from './demand-rows.ts';
import { DemandsModal } from './demands-modal.tsx';

/** What is demanded on top of roles: a second person, a stronger or fresher sign-in; and what may be taken in an emergency. */
export function Demands() {
  const query = useQuery(authorizationQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [changing, setChanging] = useState<Tagged<Schemas['Authorization']> | null>(null);
  return (
    <Section
      title="Demanded on top of roles"
      note="For the whole tenant"
      actions={query.data === undefined ? undefined : <ReasonButton size="xs" variant="default" permission={allOf(mayCall('putAuthorization', me, 'Changing the demands'), home)} onClick={() => setChanging(query.data)}>Change</ReasonButton>}
    >
      <AsyncView query={query} what="the demands" skeletonRows={3}>
        {({ data }) => (
          <Facts facts={[
            { name: 'A second person decides', value: data.four_eyes.length === 0 ? 'nothing' : <Names names={data.four_eyes} /> },
            { name: 'Sign-in demanded', value: <SignIns rows={rowsOf(data)} /> },
            { name: 'In an emergency one may take', value: data.break_glass.roles.length === 0 ? 'no role' : <>{data.break_glass.roles.join(', ')} <Text span size="xs" c="dimmed">for at most {formatDuration(data.break_glass.max_duration_s * 1_000)}</Text></> },
          ]} />
        )}
      </AsyncView>
      {changing === null ? null : <DemandsModal read={changing} onClose={() => setChanging(null)} />}
    </Section>
  );
}

function Names({ names }: { names: readonly string[] }) {
  return <List size="sm" listStyleType="none">{names.map((name) => <List.Item key={name}><code>{name}</code></List.Item>)}</List>;
}

function SignIns({ rows }: { rows: ReturnType<typeof rowsOf> }) {
  if (rows.length === 0) return <>any, of any age</>;
  return <List size="sm" listStyleType="none">{rows.map((row) => <List.Item key={row.permission}><code>{row.permission}</code> {demandInWords(row)}</List.Item>)}</List>;
}
