import { Text } from '@mantine/core';
import { IconBan, IconCheck, IconClockHour4, IconClockX, IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { agentTokensQuery } from '../api/agent-queries.ts';
import { api, done } from '../api/client.ts';
import type { Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { useAct } from '../parts/use-act.ts';
import { given, mayCall } from '../states/role-permission.ts';

type Token = Schemas['AgentToken'];

const LOOKS: Record<Token['state'], StateLook> = {
  issued: { tone: 'wait', icon: IconClockHour4, meaning: 'It can enrol one agent until it ends' },
  used: { tone: 'ok', icon: IconCheck, meaning: 'It has enrolled an agent' },
  reused: { tone: 'bad', icon: IconAlertTriangle, meaning: 'It was shown again after it had enrolled an agent: somebody else has had it' },
  expired: { tone: 'idle', icon: IconClockX, meaning: 'Nobody used it in time' },
  revoked: { tone: 'idle', icon: IconBan, meaning: 'It was taken back before anybody used it' },
};

/** What became of the tokens that enrol agents; the tokens themselves are seen once. For who may make them. */
export function Tokens() {
  const { data: me } = useQuery(meQuery);
  const may = mayCall('listAgentTokens', me, 'Seeing tokens');
  const query = useQuery({ ...agentTokensQuery, enabled: may.allowed && me !== undefined });
  return (
    <Section title="Enrolment tokens" note="Each works once and for ten minutes">
      {may.allowed
        ? (
          <AsyncView query={query} what="tokens" skeletonRows={2}>
            {({ items }) => (items.length === 0
              ? <Text size="sm" c="dimmed" px="md" pb="md">None was made yet.</Text>
              : (
                <DataTable
                  label="Enrolment tokens as a table"
                  rows={items.slice(0, 20)}
                  rowKey={({ id }) => id}
                  columns={[
                    { name: 'Token', cell: ({ id }) => <CopyId id={id} what="token id" /> },
                    { name: 'Pool', cell: ({ pool }) => pool },
                    { name: 'State', cell: ({ state }) => <StateBadge state={state} look={LOOKS[state]} /> },
                    { name: 'Made', cell: ({ created_at }) => <TimeAgo at={created_at} /> },
                    { name: 'Ends', cell: ({ expires_at }) => <TimeAgo at={expires_at} /> },
                    { name: 'Enrolled', cell: ({ used_by_agent }) => (used_by_agent === null ? 'nobody' : <CopyId id={used_by_agent} what="agent id" />) },
                    { name: 'Do', cell: (token) => <Withdraw token={token} /> },
                  ]}
                />
              ))}
          </AsyncView>
        )
        : <Text size="sm" c="dimmed" px="md" pb="md">{may.because}</Text>}
    </Section>
  );
}

function Withdraw({ token: { id, state } }: { token: Token }) {
  const withdraw = useAct({ act: () => done(api.DELETE('/api/v1/agent-tokens/{token_id}', { params: { path: { token_id: id } } })), says: () => 'It enrols nobody any more', touches: ['agent-tokens'], toastsProblem: true });
  return <ReasonButton size="xs" variant="default" permission={given(state === 'issued', state === 'used' || state === 'reused' ? 'It was used: revoke the agent instead.' : 'It enrols nobody any more.')} loading={withdraw.isPending} onClick={() => withdraw.mutate(undefined)}>Withdraw</ReasonButton>;
}
