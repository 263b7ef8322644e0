import { Anchor, Table, Text, Title } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { Empty } from '../parts/page.tsx';
import { rateText } from './board-lines.ts';
import classes from './operations.module.css';

const NUMBERS = ['Ready', 'Oldest', 'At work', 'Retrying', 'Uncertain', 'Waiting', 'Held', 'Claims/min', 'Retries/min', 'Dead letters', 'For a person'];

/** Every queue that has something in it or had lately: one for each workflow and environment. */
export function QueueTable({ queues: { items, items_left_out }, environment }: { queues: Schemas['Queues']; environment: string }) {
  const shown = items.filter((queue) => environment === '' || queue.environment === environment);
  return (
    <section className="panel" aria-label="Queues">
      <header><Title order={2}>Queues</Title><Text size="xs" c="dimmed">One for each workflow and environment, the deepest first</Text></header>
      {shown.length === 0 ? <Empty icon={IconPlayerPlay} title="No queue has anything in it">Nothing waits, nothing is stuck, and nothing was claimed in the last five minutes.</Empty> : (
        <div className="table-panel" tabIndex={0} role="region" aria-label="Queues as a table">
          <Table className={classes.numbers} horizontalSpacing="sm">
            <Table.Thead><Table.Tr><Table.Th scope="col">Workflow</Table.Th><Table.Th scope="col">Environment</Table.Th>{NUMBERS.map((name) => <Table.Th key={name} scope="col" ta="right">{name}</Table.Th>)}</Table.Tr></Table.Thead>
            <Table.Tbody>{shown.map((queue) => <QueueRow key={`${queue.workflow_name} ${queue.environment}`} queue={queue} />)}</Table.Tbody>
          </Table>
        </div>
      )}
      {items_left_out === 0 ? null : <Text size="xs" c="dimmed" p="md">{items_left_out} more, less deep, are not shown.</Text>}
    </section>
  );
}

function QueueRow({ queue }: { queue: Schemas['Queue'] }) {
  const of = `workflow=${encodeURIComponent(queue.workflow_name)}&environment=${encodeURIComponent(queue.environment)}`;
  const atLeast = queue.counted_up_to === null ? '' : '≥ ';
  return (
    <Table.Tr>
      <Table.Td fw={550}><Anchor component={Link} to={`/runs?${of}`}>{queue.workflow_name}</Anchor></Table.Td>
      <Table.Td>{queue.environment}</Table.Td>
      <Table.Td ta="right">{atLeast}{rateText(queue.steps.ready)}</Table.Td>
      <Table.Td ta="right">{queue.oldest_ready_ms === null ? 'none' : formatDuration(queue.oldest_ready_ms)}</Table.Td>
      <Table.Td ta="right">{rateText(queue.steps.leased)}</Table.Td>
      <Table.Td ta="right">{atLeast}{rateText(queue.steps.retrying)}</Table.Td>
      <Table.Td ta="right">{rateText(queue.steps.uncertain)}</Table.Td>
      <Table.Td ta="right">{rateText(queue.steps.waiting)}</Table.Td>
      <Table.Td ta="right">{rateText(queue.steps.held)}</Table.Td>
      <Table.Td ta="right">{rateText(queue.claims_per_minute)}</Table.Td>
      <Table.Td ta="right">{rateText(queue.retries_per_minute)}</Table.Td>
      <Table.Td ta="right">{queue.dead_letters === 0 ? 0 : <Anchor underline="always" component={Link} to={`/dead-letters?${of}`} c="var(--cs-bad)">{rateText(queue.dead_letters)}</Anchor>}</Table.Td>
      <Table.Td ta="right">{queue.attention === 0 ? 0 : <Anchor underline="always" component={Link} to={`/runs?${of}&attention=true`}>{rateText(queue.attention)}</Anchor>}</Table.Td>
    </Table.Tr>
  );
}
