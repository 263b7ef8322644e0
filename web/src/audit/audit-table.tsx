import { Anchor, Table, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight, IconFileOff } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty } from '../parts/page.tsx';
import { EventDetails } from './event-details.tsx';
import { readEvent } from './read-event.ts';

const COLUMNS = ['Seq', 'Event', 'When', 'Actor', 'Subject', 'Run', 'Hash'];

export function AuditTable({ events }: { events: Schemas['SealedEvent'][] }) {
  if (events.length === 0) return <div className="panel"><Empty icon={IconFileOff} title="No sealed event here">Events are sealed in order, moments after they happen.</Empty></div>;
  return (
    <div className="panel table-panel" tabIndex={0} role="region" aria-label="Audit events">
      <Table>
        <Table.Thead><Table.Tr>{COLUMNS.map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>{events.map((sealed) => <EventRows key={sealed.seq} sealed={sealed} />)}</Table.Tbody>
      </Table>
    </div>
  );
}

function EventRows({ sealed }: { sealed: Schemas['SealedEvent'] }) {
  const [opened, { toggle }] = useDisclosure();
  const { type, at, actor, subject, runId } = readEvent(sealed.event);
  return (
    <>
      <Table.Tr>
        <Table.Td className="tabular">{sealed.seq}</Table.Td>
        <Table.Td>
          <UnstyledButton fz="sm" onClick={toggle} aria-expanded={opened} style={{ display: 'inline-flex', alignItems: 'center', gap: 4, minHeight: 24, whiteSpace: 'nowrap' }}>
            {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}<Text span inherit fw={550}>{type}</Text>
          </UnstyledButton>
        </Table.Td>
        <Table.Td>{at === '' ? null : <TimeAgo at={at} />}</Table.Td>
        <Table.Td>{actor.id === '' ? null : <><Text span size="xs" c="dimmed">{actor.kind} </Text><CopyId id={actor.id} what="actor id" /></>}</Table.Td>
        <Table.Td>{subject.id === '' ? null : <><Text span size="xs" c="dimmed">{subject.kind} </Text><CopyId id={subject.id} what="subject id" /></>}</Table.Td>
        <Table.Td>{runId === null ? null : <Anchor component={Link} to={`/runs/${runId}`} size="sm">run</Anchor>}</Table.Td>
        <Table.Td><CopyId id={sealed.hash} what="hash" /></Table.Td>
      </Table.Tr>
      {opened ? (
        <Table.Tr>
          <Table.Td colSpan={COLUMNS.length} bg="var(--cs-sunken)">
            <EventDetails sealed={sealed} />
          </Table.Td>
        </Table.Tr>
      ) : null}
    </>
  );
}
