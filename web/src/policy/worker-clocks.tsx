import { Table, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClockX, IconShieldOff } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { FreshnessClock } from './freshness-clock.tsx';

type WorkerPolicy = Schemas['WorkerPolicy'];

export interface WorkerClock {
  worker: string;
  heartbeat_at: string;
  policy: WorkerPolicy;
}

const LOOKS: Record<WorkerPolicy['state'], StateLook> = {
  fresh: { tone: 'ok', icon: IconCheck, meaning: 'It decides by a bundle that a refresh has confirmed' },
  stale: { tone: 'bad', icon: IconClockX, meaning: 'No refresh has confirmed its bundle within its time: it denies everything' },
  missing: { tone: 'bad', icon: IconShieldOff, meaning: 'It has no bundle: it denies everything' },
  invalid: { tone: 'bad', icon: IconAlertTriangle, meaning: 'What it was given could not be verified: it denies everything' },
};

/** What the workers of an environment decide by and until when, as each said itself at its heartbeat. `newestSeq` is what was signed last. */
export function WorkerClocks({ clocks, newestSeq, environment }: { clocks: readonly WorkerClock[]; newestSeq: number | null; environment: string }) {
  return (
    <div className="table-panel" tabIndex={0} role="region" aria-label={`Workers of ${environment}`} style={{ borderTop: '1px solid var(--cs-line)' }}>
      <Table>
        <Table.Thead><Table.Tr>{['Worker', 'Mode', 'State', 'Decides until', 'Sequence', 'Refreshes', 'Heartbeat'].map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {clocks.map(({ worker, heartbeat_at, policy }) => (
            <Table.Tr key={`${worker} ${policy.mode}`}>
              <Table.Td className="mono">{worker}</Table.Td>
              <Table.Td>{policy.mode}</Table.Td>
              <Table.Td><StateBadge state={policy.state} look={LOOKS[policy.state]} /></Table.Td>
              <Table.Td>{policy.confirmed_at === null || policy.expires_at === null ? 'nothing to decide by' : <FreshnessClock signedAt={policy.confirmed_at} expiresAt={policy.expires_at} label={`Freshness of worker ${worker}, ${policy.mode}`} />}</Table.Td>
              <Table.Td className="tabular">{policy.seq ?? 'none'}{newestSeq !== null && policy.seq !== null && policy.mode === 'enforce' && policy.seq < newestSeq ? <Text size="xs" c="dimmed">{newestSeq} is newer</Text> : null}</Table.Td>
              <Table.Td className="tabular">
                {policy.refreshes.succeeded}{policy.refreshes.failed === 0 ? '' : `, ${policy.refreshes.failed} failed`}
                {policy.last_failure === null ? null : <Text size="xs" c="dimmed">last failure <TimeAgo at={policy.last_failure.at} />: {policy.last_failure.message} <code>{policy.last_failure.code}</code></Text>}
              </Table.Td>
              <Table.Td><TimeAgo at={heartbeat_at} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** What the workers of a cell say about one environment. */
export function clocksOf(cell: Schemas['Cell'] | undefined, environmentId: string): WorkerClock[] {
  return (cell?.workers ?? []).flatMap(({ id, heartbeat_at, policy }) => policy.filter(({ environment_id }) => environment_id === environmentId).map((one) => ({ worker: id, heartbeat_at, policy: one })));
}
