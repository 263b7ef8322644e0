import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconInbox, IconRefresh, IconSearchOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { RunSummary } from '../api/client.ts';
import { runsQuery, type RunFilter } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { reconcileRows } from './reconcile-rows.ts';
import { addressOf, filterOf } from './run-filter.ts';
import { RunFilters } from './run-filters.tsx';
import { RunTable } from './run-table.tsx';

export function RunsPage() {
  const [search, setSearch] = useSearchParams();
  const filter = filterOf(search);
  const change = (next: RunFilter): void => setSearch(addressOf(next), { replace: next.cursor === filter.cursor });
  return (
    <Page title="Runs" lead="Every ticket that came in, what was decided about it and what became of it.">
      <Stack gap="sm">
        <RunFilters filter={filter} onChange={change} />
        <RunList key={addressOf(filter).toString()} filter={filter} onPage={(cursor) => change({ ...filter, cursor })} />
      </Stack>
    </Page>
  );
}

/** One page of one filter. Its rows stay where they are; new ones wait until they are asked for. */
function RunList({ filter, onPage }: { filter: RunFilter; onPage: (cursor: string | null) => void }) {
  const query = useQuery({ ...runsQuery(filter), placeholderData: undefined });
  const [shown, setShown] = useState<RunSummary[]>([]);
  const latest = query.data?.items;
  useEffect(() => {
    if (latest !== undefined) setShown((before) => reconcileRows(before, latest).rows);
  }, [latest]);

  return (
    <AsyncView query={query} what="runs" skeletonRows={12}>
      {({ items, next_cursor }) => {
        const { rows, newCount, gone } = reconcileRows(shown, items);
        if (rows.length === 0) return <NoRuns filter={filter} />;
        return (
          <Stack gap="sm">
            <div aria-live="polite" role="status">
              {newCount === 0 ? null : (
                <Button variant="light" fullWidth size="xs" leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => setShown(items)}>
                  {newCount} new {newCount === 1 ? 'result' : 'results'}, refresh
                </Button>
              )}
            </div>
            <RunTable runs={rows} gone={gone} />
            <Pager atStart={filter.cursor === null} nextCursor={next_cursor} onPage={onPage} shown={`${rows.length} ${rows.length === 1 ? 'run' : 'runs'}`} />
          </Stack>
        );
      }}
    </AsyncView>
  );
}

function NoRuns({ filter }: { filter: RunFilter }) {
  const filtered = filter.state.length > 0 || filter.q !== '';
  if (filtered) {
    return (
      <div className="panel">
        <Empty icon={IconSearchOff} title="No run fits the filter">Take a state out of the filter, or <Anchor underline="always" component={Link} to="/runs">show all runs</Anchor>.</Empty>
      </div>
    );
  }
  return (
    <div className="panel">
      <Empty icon={IconInbox} title="Nothing has run yet">
        <Text size="sm" mb="sm">A run begins when an incident is raised. Raise one in the sandbox, or send one from your ServiceNow to the webhook of its connector.</Text>
        <Group justify="center">
          <Button component={Link} to="/tickets">Raise a ticket</Button>
          <Button component={Link} to="/connectors" variant="default">See the webhook</Button>
        </Group>
      </Empty>
    </div>
  );
}
