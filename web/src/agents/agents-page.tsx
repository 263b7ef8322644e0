import { Checkbox, Group, Stack } from '@mantine/core';
import { IconPlus, IconServerOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { agentPoolsQuery, agentsQuery } from '../api/agent-queries.ts';
import { meQuery } from '../api/queries.ts';
import { ConnectorsNav } from '../connectors/connectors-nav.tsx';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { mayCall } from '../states/role-permission.ts';
import { AlarmNotices } from './alarm-notices.tsx';
import { PoolCard } from './pool-card.tsx';
import { MakePoolModal } from './pool-modals.tsx';
import { Rollouts } from './rollouts.tsx';
import { Tokens } from './tokens.tsx';

/** What runs behind firewalls: by pool, each agent with how it was last heard of, and what somebody has to look at above all. */
export function AgentsPage() {
  const pools = useQuery(agentPoolsQuery);
  const [revoked, setRevoked] = useState(false);
  const agents = useQuery(agentsQuery(revoked));
  const { data: me } = useQuery(meQuery);
  const [making, setMaking] = useState(false);
  const make = <ReasonButton permission={mayCall('createAgentPool', me, 'Making a pool')} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>Make a pool</ReasonButton>;
  return (
    <Page title="Agents" lead="What reaches systems that have no public address: one file beside them that only dials out, decides by the same policy, and keeps the credentials there." actions={make}>
      <ConnectorsNav />
      <Stack gap="md">
        <AlarmNotices agents={agents.data?.items ?? []} />
        <AsyncView query={pools} what="pools" skeletonRows={4}>
          {({ items }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconServerOff} title="No pool of agents">Make a pool for an environment, let an agent enrol into it, and place a system there. Workflows then name it as <code>placement: agent:&lt;pool&gt;</code>.</Empty></div>
            : (
              <>
                <Group justify="flex-end"><Checkbox size="xs" label="Show those that are revoked, too" checked={revoked} onChange={(event) => setRevoked(event.currentTarget.checked)} /></Group>
                {items.map((pool) => (
                  <AsyncView key={pool.id} query={agents} what={`agents of ${pool.name}`} skeletonRows={2}>
                    {({ items: all }) => <PoolCard pool={pool} agents={all.filter(({ pool_id }) => pool_id === pool.id)} />}
                  </AsyncView>
                ))}
                <Rollouts />
                <Tokens />
              </>
            ))}
        </AsyncView>
      </Stack>
      {making ? <MakePoolModal onClose={() => setMaking(false)} /> : null}
    </Page>
  );
}
