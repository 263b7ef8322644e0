import { Group, Progress, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { meQuery } from '../api/queries.ts';
import { formatDuration } from '../format/time.ts';
import { TimeAgo, useNow } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import type { Column } from '../parts/data-table.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { agentLook, policyLook, reasonInWords, spoolLook } from './agent-looks.ts';
import type { Agent } from './agent-looks.ts';
import { MoveModal } from './move-modal.tsx';
import type { Move } from './move-modal.tsx';

/** A clock that is further off is worth a word. */
const CLOCK_OFF_MS = 2_000;

/** Agents of a pool: whether they work, what they do, by which policy, and what they have not told yet. */
export function AgentTable({ pool, agents }: { pool: string; agents: readonly Agent[] }) {
  const [moving, setMoving] = useState<{ agent: Agent; move: Move } | null>(null);
  return (
    <>
      <DataTable
        label={`Agents of ${pool}`}
        rows={agents}
        rowKey={({ id }) => id}
        columns={[...COLUMNS, { name: 'Do', cell: (agent: Agent) => <Acts agent={agent} onMove={(move) => setMoving({ agent, move })} /> }]}
      />
      {moving === null ? null : <MoveModal key={`${moving.agent.id} ${moving.move}`} agent={moving.agent} move={moving.move} onClose={() => setMoving(null)} />}
    </>
  );
}

const COLUMNS: ReadonlyArray<Column<Agent>> = [
  { name: 'Agent', cell: (agent) => <Who agent={agent} /> },
  { name: 'State', cell: (agent) => <State agent={agent} /> },
  { name: 'Last heard', cell: ({ presence }) => (presence === null ? 'never' : <TimeAgo at={presence.seen_at} />) },
  { name: 'Load', cell: ({ presence }) => (presence === null ? null : <Load under_way={presence.under_way} capacity={presence.capacity} />) },
  { name: 'Policy', cell: ({ presence }) => (presence === null ? null : <Policy policy={presence.policy} />) },
  { name: 'Spool', cell: ({ presence }) => (presence === null ? null : <Spool spool={presence.spool} />) },
  { name: 'Certificate ends', cell: ({ certificate_expires_at }) => <TimeAgo at={certificate_expires_at} /> },
];

function Who({ agent: { id, agent_version, platform, presence } }: { agent: Agent }) {
  const offset_ms = presence?.clock_offset_ms ?? 0;
  return (
    <>
      <CopyId id={id} what="agent id" />
      <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{agent_version}, {platform}{presence === null ? null : `, ${(presence.memory_bytes / 1_000_000).toFixed(0)} MB`}</Text>
      {presence === null ? null : <Text size="xs" c="dimmed">{Object.entries(presence.labels).map(([name, value]) => `${name}=${value}`).join(' ')}</Text>}
      {presence === null ? null : <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{presence.connections.length === 0 ? 'reaches nothing yet' : `reaches ${presence.connections.map(({ name }) => name).join(', ')}`}</Text>}
      {Math.abs(offset_ms) < CLOCK_OFF_MS ? null : <Text size="xs" c="var(--cs-wait)">its clock is {formatDuration(Math.abs(offset_ms))} {offset_ms < 0 ? 'ahead' : 'behind'}</Text>}
    </>
  );
}

function State({ agent }: { agent: Agent }) {
  const look = agentLook(agent, useNow(5_000));
  return (
    <>
      <StateBadge state={look.word} look={look} />
      {agent.state_reason === null || agent.state === 'active' ? null : <Text size="xs" c="dimmed" maw={200} style={{ overflowWrap: 'anywhere' }}>{reasonInWords(agent.state_reason)}</Text>}
    </>
  );
}

function Load({ under_way, capacity }: { under_way: number; capacity: number }) {
  return <><span className="tabular">{under_way} of {capacity}</span><Progress w={70} size="sm" value={(100 * under_way) / capacity} aria-hidden /></>;
}

function Policy({ policy }: { policy: NonNullable<Agent['presence']>['policy'] }) {
  const look = policyLook(policy);
  return (
    <>
      <StateBadge state={look.word} look={look} />
      {policy?.seq == null ? null : <Text size="xs" c="dimmed" className="tabular" style={{ whiteSpace: 'nowrap' }}>number {policy.seq}{policy.served_seq === null || policy.served_seq === policy.seq ? '' : ` of ${policy.served_seq}`}</Text>}
      {policy?.expires_at == null ? null : <Text size="xs" c="dimmed" component="div" style={{ whiteSpace: 'nowrap' }}>{policy.state === 'stale' ? 'ended' : 'ends'} <TimeAgo at={policy.expires_at} /></Text>}
    </>
  );
}

function Spool({ spool }: { spool: NonNullable<Agent['presence']>['spool'] }) {
  const look = spoolLook(spool);
  return <><StateBadge state={look.word} look={look} /><Progress w={70} mt={4} size="sm" color={look.tone === 'bad' ? 'var(--cs-bad)' : undefined} value={(100 * spool.bytes) / Math.max(1, spool.limit_bytes)} aria-label={`${spool.bytes.toLocaleString('en')} of ${spool.limit_bytes.toLocaleString('en')} bytes`} /></>;
}

function Acts({ agent: { state }, onMove }: { agent: Agent; onMove: (move: Move) => void }) {
  const { data: me } = useQuery(meQuery);
  const alive = given(state !== 'revoked', 'It is revoked, and stays so: the machine enrols as another agent.');
  const other: Move = state === 'draining' ? 'resume' : 'drain';
  return (
    <Group gap="xs" wrap="nowrap">
      <ReasonButton size="xs" variant="default" permission={allOf(mayCall('drainAgent', me, other === 'drain' ? 'Draining an agent' : 'Resuming an agent'), alive)} onClick={() => onMove(other)}>{other === 'drain' ? 'Drain' : 'Resume'}</ReasonButton>
      <ReasonButton size="xs" variant="default" permission={allOf(mayCall('revokeAgent', me, 'Revoking an agent'), alive)} onClick={() => onMove('revoke')}>Revoke</ReasonButton>
    </Group>
  );
}
