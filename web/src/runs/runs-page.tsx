import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconInbox, IconRefresh, IconSearch, IconSearchOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { RunSummary } from '../api/client.ts';
import { runsQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { formatUtc } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { reconcileRows } from './reconcile-rows.ts';
import { addressOf, askedFor, filterOf, type RunFilter } from './run-filter.ts';
import { RunFilters } from './run-filters.tsx';
import { RunTable } from './run-table.tsx';
import { SavedViews } from './saved-views.tsx';

export function RunsPage() {
  const [search, setSearch] = useSearchParams();
  const filter = filterOf(search);
  const change = (next: RunFilter): void => setSearch(addressOf(next), { replace: next.cursor === filter.cursor });
  return (
    <Page title="Runs" lead="Every ticket that came in, what was decided about it and what became of it." actions={<SavedViews filter={filter} onOpen={(view) => change({ ...view, cursor: null })} />}>
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
      {({ items, next_cursor, searched_back_to }) => {
        const { rows, newCount, gone } = reconcileRows(shown, items);
        if (rows.length === 0 && next_cursor !== null) return <LookFurther back={searched_back_to} onFurther={() => onPage(next_cursor)} />;
        if (rows.length === 0) return <NoRuns filter={filter} />;
        return (
          <Stack gap="sm">
            <div aria-live="polite" role="status">
              {newCount === 0 ? null : (
                <Button variant="light" fullWidth size="xs" leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => setShown(items)}>
                  {countOf(newCount, 'new result')}, refresh
                </Button>
              )}
            </div>
            <RunTable runs={rows} gone={gone} />
            <Pager atStart={filter.cursor === null} nextCursor={next_cursor} onPage={onPage} shown={countOf(rows.length, 'run')} />
          </Stack>
        );
      }}
    </AsyncView>
  );
}

/** A search looks at so many runs at a time. That none of them fits says nothing about the older ones. */
function LookFurther({ back, onFurther }: { back: string | null; onFurther: () => void }) {
  return (
    <div className="panel">
      <Empty icon={IconSearch} title="None so far">
        <Text size="sm" mb="sm">{back === null ? 'None of the runs that were looked at fits.' : <>Of the runs back to {formatUtc(back)} none fits.</>} Older ones have not been looked at.</Text>
        <Button onClick={onFurther}>Look further back</Button>
      </Empty>
    </div>
  );
}

function NoRuns({ filter }: { filter: RunFilter }) {
  if (askedFor(filter) > 0) {
    return (
      <div className="panel">
        <Empty icon={IconSearchOff} title="No run fits the filter">Take something out of the filter, or <Anchor underline="always" component={Link} to="/runs">show all runs</Anchor>.</Empty>
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
