import { Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemView } from './problem-view.tsx';

interface Props<Data> {
  query: UseQueryResult<Data>;
  /** What is loading, for who cannot see the skeleton. */
  what: string;
  children: (data: Data) => ReactNode;
  skeletonRows?: number;
}

/** A read in its states: loading, failed, there (and then still there while a later read fails, with the failure above it). */
export function AsyncView<Data>({ query, what, children, skeletonRows = 6 }: Props<Data>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError ? <ProblemView error={query.error} onRetry={() => void query.refetch()} /> : null}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Stack gap="xs" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: skeletonRows }, (_, row) => <Skeleton key={row} height={34} radius="sm" />)}
    </Stack>
  );
}
