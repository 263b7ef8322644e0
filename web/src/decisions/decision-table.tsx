import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { shortenId } from '../format/ids.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { OUTCOME_LOOKS } from '../parts/state-look.ts';
import { formatMicros } from '../format/time.ts';

const COLUMNS = ['When', 'Outcome', 'Action', 'Rules', 'Workflow', 'Environment', 'Run', 'Bundle', 'Took'];

export function DecisionTable({ decisions }: { decisions: ReadonlyArray<Schemas['DecisionLogEntry']> }) {
  return (
    <div className="panel table-panel" tabIndex={0} role="region" aria-label="Decisions">
      <Table>
        <Table.Thead><Table.Tr>{COLUMNS.map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {decisions.map((decision) => (
            <Table.Tr key={decision.id}>
              <Table.Td><Anchor component={Link} to={`/decisions/${decision.id}`}><TimeAgo at={decision.decided_at} /></Anchor></Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <StateBadge state={decision.outcome} look={OUTCOME_LOOKS[decision.outcome]} />
                {decision.differs ? <Text size="xs" c="dimmed">a shadow differs</Text> : null}
              </Table.Td>
              <Table.Td className="mono">{decision.action}</Table.Td>
              <Table.Td className="mono">{decision.rules.map((rule) => <div key={rule}>{rule}</div>)}</Table.Td>
              <Table.Td>{decision.workflow}</Table.Td>
              <Table.Td>{decision.environment}</Table.Td>
              <Table.Td><Anchor component={Link} to={`/runs/${decision.run_id}#${decision.step_id}`} className="mono" style={{ whiteSpace: 'nowrap' }}>{shortenId(decision.run_id)}</Anchor></Table.Td>
              <Table.Td className="tabular">{decision.bundle_seq === null ? 'none' : `seq ${decision.bundle_seq}`}</Table.Td>
              <Table.Td className="tabular" style={{ whiteSpace: 'nowrap' }}>{formatMicros(decision.evaluated_us)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
