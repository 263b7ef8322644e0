import { Code, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, done } from '../api/client.ts';
import type { Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { formatDuration } from '../format/time.ts';
import { Countdown } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import type { Agent } from './agent-looks.ts';
import { AgentTable } from './agent-table.tsx';
import { ChangePoolModal, PlaceSystemModal } from './pool-modals.tsx';

type Pool = Schemas['AgentPool'];
type Token = Schemas['NewAgentToken'];

/** One pool: what workflows call it, which systems it reaches, and its agents. */
export function PoolCard({ pool, agents }: { pool: Pool; agents: readonly Agent[] }) {
  const { data: me } = useQuery(meQuery);
  const [open, setOpen] = useState<'place' | 'change' | null>(null);
  const [token, setToken] = useState<Token | null>(null);
  const enrol = useAct({ act: () => dataOf(api.POST('/api/v1/agent-tokens', { body: { pool_id: pool.id } })), says: () => null, touches: ['agent-tokens'], toastsProblem: true, onDone: setToken });
  return (
    <section className="panel" aria-label={`Pool ${pool.name}, ${pool.environment}`}>
      <header>
        <Group gap="sm"><Title order={2}>{pool.name}</Title><Text size="xs" c="dimmed">{pool.environment}</Text><Text size="xs" c={pool.agents.lost > 0 ? 'var(--cs-bad)' : 'dimmed'}>{countsOf(pool)}</Text></Group>
        <Group gap="xs">
          <ReasonButton size="xs" permission={mayCall('createAgentToken', me, 'Enrolling an agent')} loading={enrol.isPending} onClick={() => enrol.mutate(undefined)}>Enrol an agent</ReasonButton>
          <ReasonButton size="xs" variant="default" permission={mayCall('createInstance', me, 'Placing a system')} onClick={() => setOpen('place')}>Place a system</ReasonButton>
          <ReasonButton size="xs" variant="default" permission={mayCall('updateAgentPool', me, 'Changing a pool')} onClick={() => setOpen('change')}>Change</ReasonButton>
          <RemoveButton pool={pool} agents={agents} />
        </Group>
      </header>
      <Facts
        facts={[
          { name: 'Workflows name it', value: <CopyId id={`agent:${pool.name}`} what="placement" text={`placement: agent:${pool.name}`} /> },
          { name: 'Systems that it reaches', value: pool.instances.length === 0 ? 'none yet' : pool.instances.join(', ') },
          { name: 'Its orders may begin within', value: formatDuration(pool.order_valid_ms) },
          { name: 'Pool', value: <CopyId id={pool.id} what="pool id" /> },
        ]}
      />
      {agents.length === 0
        ? <Text size="sm" c="dimmed" px="md" pb="md">No agent yet. Make a token with “Enrol an agent”, and use it on a machine beside the systems of this pool.</Text>
        : <AgentTable pool={pool.name} agents={agents} />}
      {open === 'place' ? <PlaceSystemModal pool={pool} onClose={() => setOpen(null)} /> : null}
      {open === 'change' ? <ChangePoolModal pool={pool} onClose={() => setOpen(null)} /> : null}
      {token === null ? null : <TokenShown token={token} onClose={() => setToken(null)} />}
    </section>
  );
}

function countsOf({ agents: { active, draining, lost } }: Pool): string {
  return [`${active} active`, ...(draining === 0 ? [] : [`${draining} draining`]), ...(lost === 0 ? [] : [`${countOf(lost, 'agent')} not heard of`])].join(', ');
}

function TokenShown({ token, onClose }: { token: Token; onClose: () => void }) {
  return (
    <ShownOnce title={`A token for one agent of ${token.pool}`} value={token.token} onClose={onClose}>
      <Text size="sm" component="div">On the machine, within <Countdown at={token.expires_at} over="no time: it is over" />, start</Text>
      <Code block>countersign-agent enroll</Code>
      <Text size="sm">and paste it when it asks; it is never given on the command line, where others see it. Then start <Code>countersign-agent run</Code>. Shown a second time to the cell, the token is an alarm.</Text>
    </ShownOnce>
  );
}

function RemoveButton({ pool, agents }: { pool: Pool; agents: readonly Agent[] }) {
  const { data: me } = useQuery(meQuery);
  const remove = useAct({ act: () => done(api.DELETE('/api/v1/agent-pools/{pool_id}', { params: { path: { pool_id: pool.id } } })), says: () => `${pool.name} is removed`, touches: ['agent-pools'], toastsProblem: true });
  const isUnused = given(agents.length === 0 && pool.instances.length === 0, 'It has agents or systems. What they did is told under its name, so it stays.');
  return <ReasonButton size="xs" variant="default" permission={allOf(mayCall('deleteAgentPool', me, 'Removing a pool'), isUnused)} loading={remove.isPending} onClick={() => remove.mutate(undefined)}>Remove</ReasonButton>;
}
