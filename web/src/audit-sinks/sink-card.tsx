import { Group, Progress, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { useWorkspaceName } from '../workspaces/use-workspace-name.ts';
import { formatInWords, SINK_LOOKS } from './sink-looks.ts';

type Sink = Schemas['Sink'];

/** One sink, and how far it has got in the chain of each workspace. `children` are what can be done with it. */
export function SinkCard({ sink, children }: { sink: Sink; children: ReactNode }) {
  const look = SINK_LOOKS[sink.state];
  return (
    <section className="panel" aria-label={`Audit sink ${sink.name}`}>
      <header>
        <Group gap="sm"><Title order={2}>{sink.name}</Title><StateBadge state={look.word} look={look} /></Group>
        <Group gap="xs">{children}</Group>
      </header>
      <Facts
        facts={[
          { name: sink.kind === 's3' ? 'Object store, under' : 'Webhook', value: <CopyId id={sink.endpoint} what="where it goes" text={sink.endpoint} /> },
          { name: 'Format', value: formatInWords(sink.format) },
          { name: 'Events', value: sink.types === null ? 'all' : <span className="mono">{sink.types.join(', ')}</span> },
          { name: 'Sensitive members', value: sink.shows_sensitive ? 'as they are' : 'as digests' },
          { name: 'Added', value: <TimeAgo at={sink.created_at} /> },
          { name: 'Sink', value: <CopyId id={sink.id} what="sink id" /> },
        ]}
      />
      <Positions sink={sink} />
    </section>
  );
}

function Positions({ sink: { name, positions } }: { sink: Sink }) {
  const nameOf = useWorkspaceName();
  if (positions.length === 0) return <Text size="sm" c="dimmed" px="md" pb="md">Nothing is sealed yet, so there is nothing to deliver.</Text>;
  return (
    <DataTable
      label={`How far ${name} has got, as a table`}
      rows={positions}
      rowKey={({ workspace_id }) => workspace_id}
      columns={[
        { name: 'Workspace', cell: ({ workspace_id }) => nameOf(workspace_id) },
        { name: 'Delivered', cell: ({ delivered, head }) => <span className="tabular" style={{ whiteSpace: 'nowrap' }}>{delivered.toLocaleString('en')} of {head.toLocaleString('en')}</span> },
        { name: 'Behind', cell: ({ delivered, head, lag }) => (lag === 0 ? 'nothing' : <Group gap="xs" wrap="nowrap"><span className="tabular">{lag.toLocaleString('en')}</span><Progress w={90} size="sm" value={(100 * delivered) / head} aria-hidden /></Group>) },
        { name: 'What it said last', cell: ({ last_error }) => (last_error === null ? 'that it has it' : <Text inherit c="var(--cs-bad)" style={{ overflowWrap: 'anywhere' }}>{last_error}</Text>) },
      ]}
    />
  );
}
