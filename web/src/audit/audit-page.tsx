import { Stack } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { auditQuery, meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { mayCall } from '../states/role-permission.ts';
import { addressOf, filterIn, type AuditFilter } from './audit-filter.ts';
import { AuditFilters } from './audit-filters.tsx';
import { AuditNav } from './audit-nav.tsx';
import { AuditTable } from './audit-table.tsx';

/** Sealed events, each with its place in the chain. The address holds the search. */
export function AuditPage() {
  const [search, setSearch] = useSearchParams();
  const { data: me } = useQuery(meQuery);
  const filter = filterIn(search);
  const query = useQuery(auditQuery(filter));
  const change = (next: Partial<AuditFilter>): void => setSearch(addressOf({ ...filter, cursor: null, ...next }), { replace: next.cursor === undefined });
  return (
    <Page
      title="Audit"
      lead="Every state change, sealed in one chain: each event carries the hash of the one before."
      actions={<ReasonButton variant="default" permission={mayCall('exportAudit', me, 'Exporting the audit')} leftSection={<IconDownload size={16} aria-hidden />} href="/api/v1/audit/export" download="audit.ndjson">Export the chain</ReasonButton>}
    >
      <AuditNav />
      <Stack gap="sm">
        <AuditFilters filter={filter} onChange={change} />
        <AsyncView query={query} what="audit events" skeletonRows={12}>
          {({ items, next_cursor }) => (
            <Stack gap="sm">
              <AuditTable events={items} />
              <Pager atStart={filter.cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'event')} onPage={(cursor) => change({ cursor })} />
            </Stack>
          )}
        </AsyncView>
      </Stack>
    </Page>
  );
}
