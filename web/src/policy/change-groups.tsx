import { Anchor, Group, Table, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { OUTCOME_LOOKS } from '../parts/state-look.ts';
import classes from './policy.module.css';

type Outcome = Schemas['Outcome'];

export interface ChangeGroup {
  action: string;
  workflow: string | null;
  rule: string;
  from: Outcome;
  to: Outcome;
  count: number;
  runs?: number;
  source?: 'rules' | 'bundle';
  examples: readonly string[];
}

const SOURCES = { rules: 'a rule in shadow', bundle: 'the shadow release' };

/** Decisions that come out otherwise, together where action, workflow and reason are the same; each with examples to look at. */
export function ChangeGroups({ groups, label }: { groups: readonly ChangeGroup[]; label: string }) {
  const withRuns = groups.some(({ runs }) => runs !== undefined);
  return (
    <div className="table-panel" tabIndex={0} role="region" aria-label={label}>
      <Table>
        <Table.Thead><Table.Tr>{['From, to', 'Action', 'Workflow', 'Rule', 'Decisions', ...(withRuns ? ['Runs'] : []), 'Examples'].map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {groups.map((group) => (
            <Table.Tr key={`${group.source} ${group.action} ${group.workflow} ${group.rule} ${group.from} ${group.to}`}>
              <Table.Td>
                <Group gap={6} wrap="nowrap">
                  <StateBadge state={group.from} look={OUTCOME_LOOKS[group.from]} />
                  <IconArrowRight size={14} aria-label="becomes" style={{ flex: 'none' }} />
                  <StateBadge state={group.to} look={OUTCOME_LOOKS[group.to]} />
                </Group>
                {group.from === group.to ? <Text size="xs" c="dimmed">with other obligations</Text> : null}
              </Table.Td>
              <Table.Td className="mono">{group.action}</Table.Td>
              <Table.Td>{group.workflow}</Table.Td>
              <Table.Td className="mono">{group.rule}{group.source === undefined ? null : <Text size="xs" c="dimmed">{SOURCES[group.source]}</Text>}</Table.Td>
              <Table.Td className="tabular">{group.count}</Table.Td>
              {withRuns ? <Table.Td className="tabular">{group.runs}</Table.Td> : null}
              <Table.Td>{group.examples.map((id, place) => <Anchor key={id} component={Link} to={`/decisions/${id}`} className={classes.example} aria-label={`Example ${place + 1} of ${group.rule}`}>{place + 1}</Anchor>)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
