import { Anchor, Group, Progress, Table, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Schemas } from '../api/client.ts';
import { bulkCommandQuery, bulkCommandsQuery } from '../api/operations-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Elapsed, TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { JOB_LOOKS, jobInWords, progressOf } from './job-words.ts';

/** Jobs over many runs: the one that is looked at, as it goes on, and those before. */
export function Jobs({ shown, onShow }: { shown: string | null; onShow: (id: string) => void }) {
  const query = useQuery(bulkCommandsQuery);
  return (
    <>
      {shown === null ? null : <Job key={shown} id={shown} />}
      <AsyncView query={query} what="jobs" skeletonRows={2}>{({ items }) => (items.length === 0 ? null : <JobTable jobs={items} onShow={onShow} />)}</AsyncView>
    </>
  );
}

function Job({ id }: { id: string }) {
  const query = useQuery(bulkCommandQuery(id));
  const queryClient = useQueryClient();
  const state = query.data?.state;
  // What it tried again is no dead letter any more.
  useEffect(() => {
    if (state === 'finished') void Promise.all([['dead-letters'], ['bulk-commands'], ['runs']].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
  }, [state, queryClient]);
  return (
    <section className="panel" aria-label="Job">
      <AsyncView query={query} what="the job" skeletonRows={2}>
        {(job) => (
          <>
            <header>
              <Group gap="sm"><Title order={2}>{job.kind === 'redrive' ? 'Redrive' : 'Cancellation'}</Title><StateBadge state={job.state} look={JOB_LOOKS[job.state]} /></Group>
              <Text size="sm" role="status">{jobInWords(job)}</Text>
            </header>
            <Progress value={progressOf(job)} radius={0} size={6} aria-label={`${progressOf(job)} % of the job is done`} />
            <Facts
              facts={[
                { name: 'Why', value: <span style={{ whiteSpace: 'pre-wrap' }}>{job.reason}</span> },
                { name: 'Asked for', value: <><TimeAgo at={job.requested_at} /> by <CopyId id={job.requested_by} what="who asked" /></> },
                { name: 'Took', value: <Elapsed from={job.started_at} to={job.finished_at} /> },
                { name: 'Selected', value: 'ids' in job.selection ? 'one by one' : <code>{JSON.stringify(job.selection['filter'])}</code> },
                { name: 'Job', value: <CopyId id={job.id} what="job id" /> },
              ]}
            />
          </>
        )}
      </AsyncView>
    </section>
  );
}

function JobTable({ jobs, onShow }: { jobs: ReadonlyArray<Schemas['BulkCommand']>; onShow: (id: string) => void }) {
  return (
    <section className="panel" aria-label="Jobs">
      <header><Title order={2}>Jobs over many runs</Title></header>
      <div className="table-panel" tabIndex={0} role="region" aria-label="Jobs as a table">
        <Table>
          <Table.Thead><Table.Tr>{['State', 'What', 'Why', 'How far', 'Asked for', 'Job'].map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {jobs.map((job) => (
              <Table.Tr key={job.id}>
                <Table.Td><StateBadge state={job.state} look={JOB_LOOKS[job.state]} /></Table.Td>
                <Table.Td><Anchor component="button" type="button" onClick={() => onShow(job.id)}>{job.kind === 'redrive' ? 'Redrive' : 'Cancellation'}</Anchor></Table.Td>
                <Table.Td>{job.reason}</Table.Td>
                <Table.Td>{jobInWords(job)}</Table.Td>
                <Table.Td><TimeAgo at={job.requested_at} /></Table.Td>
                <Table.Td><CopyId id={job.id} what="job id" /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}
