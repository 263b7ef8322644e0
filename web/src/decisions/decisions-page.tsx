import { Stack } from '@mantine/core';
import { IconDownload, IconGavel } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { decisionsQuery } from '../api/decision-queries.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { addressOf, askedFor, exportUrl, filterOf, type DecisionFilter } from './decision-filter.ts';
import { DecisionFilters } from './decision-filters.tsx';
import { DecisionTable } from './decision-table.tsx';

/** Every decision about every call: what was decided, by which rule, and where a shadow would have decided otherwise. The address holds the filter. */
export function DecisionsPage() {
  const [search, setSearch] = useSearchParams();
  const filter = filterOf(search);
  const query = useQuery(decisionsQuery(filter));
  const { data: me } = useQuery(meQuery);
  const change = (next: DecisionFilter): void => setSearch(addressOf(next), { replace: next.cursor === filter.cursor });
  const mayExport = allOf(
    mayCall('exportDecisions', me, 'Exporting'),
    given(filter.run === '' && !filter.differs, 'An export knows no filter by run or by shadow. Take it out first.'),
  );
  return (
    <Page
      title="Decisions"
      lead="One record for every call that policy was asked about, written in the transaction of what it decided. Values that are not metadata are erased."
      actions={<ReasonButton variant="default" permission={mayExport} leftSection={<IconDownload size={16} aria-hidden />} href={exportUrl(filter)} download="decisions.ndjson">Export for OPA</ReasonButton>}
    >
      <Stack gap="sm">
        <DecisionFilters filter={filter} onChange={change} />
        <AsyncView query={query} what="decisions" skeletonRows={12}>
          {({ items, next_cursor }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconGavel} title={askedFor(filter) === 0 ? 'Nothing was decided yet' : 'No decision fits this filter'}>{askedFor(filter) === 0 ? 'A decision is made before every call of a run.' : 'Take something out of the filter, or look at another time.'}</Empty></div>
            : <Stack gap="sm"><DecisionTable decisions={items} /><Pager atStart={filter.cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'decision')} onPage={(cursor) => change({ ...filter, cursor })} /></Stack>)}
        </AsyncView>
      </Stack>
    </Page>
  );
}
