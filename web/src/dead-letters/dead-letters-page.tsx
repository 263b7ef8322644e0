import { Stack } from '@mantine/core';
import { IconMoodCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { deadLettersQuery } from '../api/operations-queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { Jobs } from './jobs.tsx';
import { addressOf, filterOf, type DeadLetterFilter } from './dead-letter-filter.ts';
import { DeadLetterFilters } from './dead-letter-filters.tsx';
import { DeadLetterTable } from './dead-letter-table.tsx';
import { RedriveBar } from './redrive-bar.tsx';
import { NOTHING, type Selection } from './selection.ts';

/** What was given up on, with everything that is known of why, and the way to try it again. The address holds the filter, and the job that one looks at. */
export function DeadLettersPage() {
  const [search, setSearch] = useSearchParams();
  const filter = filterOf(search);
  const job = search.get('job');
  const change = (next: DeadLetterFilter, jobId: string | null = job): void => {
    const address = addressOf(next);
    if (jobId !== null) address.set('job', jobId);
    setSearch(address, { replace: next.cursor === filter.cursor });
  };
  return (
    <Page title="Dead letters" lead="Steps that were given up on: attempts exhausted, a permanent error, a refusal. A redrive sends the same idempotency keys again.">
      <Stack gap="sm">
        <DeadLetterFilters filter={filter} onChange={change} />
        <DeadLetterList key={addressOf({ ...filter, cursor: null }).toString()} filter={filter} onPage={(cursor) => change({ ...filter, cursor })} onJob={(id) => change(filter, id)} />
        <Jobs shown={job} onShow={(id) => change(filter, id)} />
      </Stack>
    </Page>
  );
}

/** One filter: its pages, and what is selected on them. */
function DeadLetterList({ filter, onPage, onJob }: { filter: DeadLetterFilter; onPage: (cursor: string | null) => void; onJob: (id: string) => void }) {
  const query = useQuery(deadLettersQuery(filter));
  const [selection, setSelection] = useState<Selection>(NOTHING);
  return (
    <AsyncView query={query} what="dead letters" skeletonRows={10}>
      {({ items, next_cursor }) => (items.length === 0 ? <NoDeadLetters filter={filter} /> : (
        <Stack gap="sm">
          <RedriveBar filter={filter} items={items} selection={selection} hasMore={next_cursor !== null || filter.cursor !== null} onSelect={setSelection} onJob={onJob} />
          <DeadLetterTable items={items} selection={selection} onSelect={setSelection} />
          <Pager atStart={filter.cursor === null} nextCursor={next_cursor} onPage={onPage} shown={countOf(items.length, 'dead letter')} />
        </Stack>
      ))}
    </AsyncView>
  );
}

function NoDeadLetters({ filter }: { filter: DeadLetterFilter }) {
  const filtered = addressOf({ ...filter, cursor: null }).toString() !== '';
  return (
    <div className="panel">
      <Empty icon={IconMoodCheck} title={filtered ? 'No dead letter fits the filter' : 'No dead letters'}>
        {filtered ? 'Take something out of the filter.' : 'Nothing was given up on. What was refused by policy, a person or the target is found under the state failed.'}
      </Empty>
    </div>
  );
}
