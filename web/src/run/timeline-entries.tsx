import { Anchor, Table, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { formatClock, formatDuration, formatUtc } from '../format/time.ts';
import { CopyId } from '../parts/copy-id.tsx';

type Entry = Schemas['TimelineEntry'];

/** Everything that is dated about the run, oldest first. */
export function TimelineEntries({ entries }: { entries: readonly Entry[] }) {
  return (
    <section className="panel" aria-label="What happened">
      <header><Title order={2}>What happened</Title><Text size="xs" c="dimmed">Oldest first, UTC</Text></header>
      <div className="table-panel" tabIndex={0} role="region" aria-label="What happened as a table">
        <Table>
          <Table.Thead><Table.Tr>{['When', 'Took', 'Step', 'What', 'By', 'Id'].map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Table.Tr key={`${entry.kind} ${entry.id}`}>
                <Table.Td className="mono" style={{ whiteSpace: 'nowrap' }}><time dateTime={entry.at} title={formatUtc(entry.at)}>{formatClock(entry.at)}</time></Table.Td>
                <Table.Td className="tabular" style={{ whiteSpace: 'nowrap' }}>{entry.ended_at === null ? '' : formatDuration(Date.parse(entry.ended_at) - Date.parse(entry.at))}</Table.Td>
                <Table.Td>{entry.step_key}</Table.Td>
                <Table.Td><What entry={entry} /></Table.Td>
                <Table.Td><By entry={entry} /></Table.Td>
                <Table.Td style={{ whiteSpace: 'nowrap' }}><CopyId id={entry.id} what={`id of this ${entry.kind}`} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}

const NAMES: Record<Entry['kind'], string> = {
  received: 'Received', created: 'Run', started: 'Run', finished: 'Run', attempt: 'Attempt', decision: 'Policy', call: 'Call', approval: 'Approval', vote: 'Vote', child: 'Run that it started', command: 'A person asked',
};

function What({ entry: { kind, id, result, attempt, action, message, error } }: { entry: Entry }) {
  const name = kind === 'attempt' && attempt !== null ? `Attempt ${attempt}` : NAMES[kind];
  return (
    <>
      {kind === 'child' ? <Anchor underline="always" component={Link} to={`/runs/${id}`}>{name}</Anchor>
        : kind === 'decision' ? <Anchor underline="always" component={Link} to={`/decisions/${id}`}>{name}</Anchor>
        : kind === 'approval' ? <Anchor underline="always" component={Link} to={`/approvals?selected=${id}`}>{name}</Anchor>
        : name}
      {action === null ? null : <> <span className="mono">{action}</span></>}: {result ?? 'under way'}
      {message === null ? null : <Text size="xs" c="dimmed" style={{ whiteSpace: 'pre-wrap' }}>{message}</Text>}
      {error === null ? null : <Text size="xs"><code style={{ color: 'var(--cs-bad)' }}>{error.code}</code> {error.message}</Text>}
    </>
  );
}

function By({ entry: { worker, fence, by } }: { entry: Entry }) {
  if (by !== null) return <CopyId id={by} what="who it was" />;
  if (worker === null) return null;
  return <><span className="mono">{worker}</span>{fence === null ? null : <Text size="xs" c="dimmed">fence {fence}</Text>}</>;
}
