import { NativeSelect, SegmentedControl, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { boardQuery, queuesQuery } from '../api/operations-queries.ts';
import { ENVIRONMENTS, environmentIn } from '../decisions/decision-filter.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { BoardCharts } from './board-charts.tsx';
import { QueueFigures } from './queue-figures.tsx';
import { QueueTable } from './queue-table.tsx';
import { Workers } from './workers.tsx';

const SPANS = [{ value: '15', label: '15 min' }, { value: '60', label: '1 h' }, { value: '180', label: '3 h' }];

/** How the engine does now: what waits and for how long, how fast it goes, who works. The address holds the time span and the environment. */
export function OperationsPage() {
  const [search, setSearch] = useSearchParams();
  const minutes = SPANS.find(({ value }) => value === search.get('minutes'))?.value ?? '15';
  const environment = environmentIn(search);
  const queues = useQuery(queuesQuery);
  const board = useQuery(boardQuery({ minutes: Number(minutes), environment }));
  const change = (name: string, value: string): void => setSearch((before) => {
    const next = new URLSearchParams(before);
    if (value === '') next.delete(name);
    else next.set(name, value);
    return next;
  }, { replace: true });
  return (
    <Page
      title="Operations"
      lead="What waits for workers, how fast it goes, and who works. The figures are the ones that Prometheus scrapes."
      actions={(
        <>
          <NativeSelect aria-label="Environment" size="xs" value={environment} onChange={(event) => change('environment', event.currentTarget.value)} data={[{ value: '', label: 'Every environment' }, ...ENVIRONMENTS]} />
          <SegmentedControl aria-label="Time span" size="xs" data={SPANS} value={minutes} onChange={(value) => change('minutes', value === '15' ? '' : value)} />
        </>
      )}
    >
      <Stack gap="md">
        <AsyncView query={queues} what="queues" skeletonRows={4}>
          {(data) => (
            <Stack gap="md">
              <QueueFigures queues={data} />
              <QueueTable queues={data} environment={environment} />
            </Stack>
          )}
        </AsyncView>
        <AsyncView query={board} what="throughput and latency" skeletonRows={6}>{(data) => <BoardCharts board={data} />}</AsyncView>
        {queues.data === undefined ? null : <Workers dispatch={queues.data.dispatch} at={queues.data.at} />}
      </Stack>
    </Page>
  );
}
