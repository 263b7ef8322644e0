import { Anchor, Table, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { IconCheck, IconHandStop } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { figureRows } from './gate-figures.ts';

/** What the replay showed against what the gate of the environment allows. */
export function GateReport({ gate, replayId }: { gate: NonNullable<Schemas['PolicyRelease']['gate']>; replayId: string | null }) {
  return (
    <section className="panel" aria-label="Gate">
      <header>
        <Title order={2}>Gate</Title>
        <StateBadge state={gate.passed ? 'passed' : 'exceeded'} look={gate.passed ? { tone: 'ok', icon: IconCheck, meaning: 'The replay stayed within the limits' } : { tone: 'wait', icon: IconHandStop, meaning: 'The replay went over a limit' }} />
      </header>
      <div className="table-panel" tabIndex={0} role="region" aria-label="Figures of the gate">
        <Table>
          <Table.Thead><Table.Tr><Table.Th scope="col">Figure</Table.Th><Table.Th scope="col" ta="right">The replay</Table.Th><Table.Th scope="col" ta="right">The gate</Table.Th><Table.Th scope="col" /></Table.Tr></Table.Thead>
          <Table.Tbody>
            {figureRows(gate).map(({ name, figure, limit, exceeded }) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ta="right" className="tabular">{figure}</Table.Td>
                <Table.Td ta="right" className="tabular">{limit}</Table.Td>
                <Table.Td>{exceeded ? <Text span size="sm" fw={600} style={{ color: 'var(--cs-bad)' }}>over the limit</Text> : null}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {gate.exceeded.length === 0 ? null : <ul style={{ margin: 0, padding: '10px 16px 10px 34px' }}>{gate.exceeded.map(({ field, message }) => <li key={field}>{message}</li>)}</ul>}
      {replayId === null ? null : <Text size="sm" px="md" pb="sm" pt={4}><Anchor component={Link} to={`/policy/replays/${replayId}`} underline="always">The whole replay</Anchor></Text>}
    </section>
  );
}
