import { Table, Text, Title } from '@mantine/core';
import { IconPlugOff } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty, Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { workerState, WORKER_LOOKS } from './worker-state.ts';

/** Who works, and how they are woken. */
export function Workers({ dispatch, at }: { dispatch: Schemas['DispatchState']; at: string }) {
  const { workers } = dispatch;
  return (
    <section className="panel" aria-label="Workers">
      <header><Title order={2}>Workers</Title><Text size="xs" c="dimmed">Woken by {dispatch.kind === 'sqs' ? 'SQS' : 'PostgreSQL'}; the truth is in PostgreSQL either way</Text></header>
      <Woken dispatch={dispatch} />
      {workers.length === 0 ? <Empty icon={IconPlugOff} title="No worker has been heard of">Nothing is claimed until one runs. Start one with <code>npm start</code>, or look at the log of the execution plane.</Empty> : (
        <div className="table-panel" tabIndex={0} role="region" aria-label="Workers as a table">
          <Table>
            <Table.Thead><Table.Tr>{['State', 'Worker', 'Steps at work', 'Version', 'Started', 'Heard of'].map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
            <Table.Tbody>
              {workers.map((worker) => {
                const state = workerState(worker, at);
                return (
                  <Table.Tr key={worker.id}>
                    <Table.Td><StateBadge state={state} look={WORKER_LOOKS[state]} /></Table.Td>
                    <Table.Td><CopyId id={worker.id} what="worker id" text={worker.id} /></Table.Td>
                    <Table.Td className="tabular">{worker.in_flight}{worker.draining_since === null ? null : <Text span size="xs" c="dimmed"> draining since <TimeAgo at={worker.draining_since} /></Text>}</Table.Td>
                    <Table.Td className="mono">{worker.version}</Table.Td>
                    <Table.Td><TimeAgo at={worker.started_at} /></Table.Td>
                    <Table.Td><TimeAgo at={worker.heartbeat_at} /></Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </section>
  );
}

/** What of the queue is known when one is between the database and the workers. */
function Woken({ dispatch: { outbox, queue } }: { dispatch: Schemas['DispatchState'] }) {
  if (outbox === null && queue === null) return null;
  return (
    <Facts
      facts={[
        ...(outbox === null ? [] : [{ name: 'Outbox', value: outbox.oldest_ms === null ? 'empty' : `${outbox.depth} not sent yet, the oldest for ${formatDuration(outbox.oldest_ms)}` }]),
        ...(queue === null ? [] : [
          { name: 'Messages to be had', value: String(queue.visible) },
          { name: 'Messages at a worker', value: String(queue.in_flight) },
          { name: 'Dead-letter queue', value: queue.dead_letters === null ? 'none is set up' : String(queue.dead_letters) },
          { name: 'SQS said so', value: <TimeAgo at={queue.asked_at} /> },
        ]),
      ]}
    />
  );
}
