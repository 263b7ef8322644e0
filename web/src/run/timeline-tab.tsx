import { Button, Group, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Run } from '../api/client.ts';
import { timelineQuery } from '../api/operations-queries.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { AsyncView } from '../parts/async-view.tsx';
import { OpenSteps } from './open-steps.tsx';
import { TimelineBars } from './timeline-bars.tsx';
import { TimelineEntries } from './timeline-entries.tsx';
import { timelineRows } from './timeline-rows.ts';

/** Where each step stands and why it does not move; how the time was spent; and everything that is dated, in order. */
export function TimelineTab({ run }: { run: Run }) {
  const query = useInfiniteQuery(timelineQuery(run.id, run.finished_at !== null));
  const pages = query.data?.pages;
  const timeline = useMemo(() => {
    const [newest] = pages ?? [];
    return newest === undefined ? undefined : { ...newest, entries: (pages ?? []).flatMap(({ entries }) => entries) };
  }, [pages]);
  if (timeline === undefined) return <AsyncView query={query} what="the timeline">{() => null}</AsyncView>;
  return (
    <Stack gap="md">
      {query.isError ? <ProblemView error={query.error} onRetry={() => void query.refetch()} /> : null}
      <OpenSteps steps={timeline.steps} />
      <TimelineBars rows={timelineRows(timeline)} leftOut={timeline.steps_left_out} />
      <TimelineEntries entries={timeline.entries} />
      {query.hasNextPage ? (
        <Group justify="space-between">
          <Text size="xs" c="dimmed">The {timeline.entries.length} oldest are shown</Text>
          <Button size="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button>
        </Group>
      ) : null}
    </Stack>
  );
}
