import { Group, Select, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { AUDIT_EVENT_TYPES } from '@countersign/contracts/events/audit-event.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { auditQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { AuditTable } from './audit-table.tsx';

const TYPING_PAUSE_MS = 300;

/** Sealed events, each with its place in the chain. The address holds the filter. */
export function AuditPage() {
  const [search, setSearch] = useSearchParams();
  const filter = { runId: search.get('run') ?? '', type: search.get('type') ?? '', cursor: search.get('cursor') };
  const query = useQuery(auditQuery(filter));
  const change = (next: Partial<typeof filter>): void => {
    const { runId, type, cursor } = { ...filter, cursor: null, ...next };
    setSearch({ ...(runId === '' ? {} : { run: runId }), ...(type === '' ? {} : { type }), ...(cursor === null ? {} : { cursor }) }, { replace: next.cursor === undefined });
  };
  const [runId, setRunId] = useState(filter.runId);
  const searchRun = useDebouncedCallback((text: string) => change({ runId: text.trim() }), TYPING_PAUSE_MS);
  return (
    <Page title="Audit" lead="Every state change, sealed in one chain: each event carries the hash of the one before.">
      <Stack gap="sm">
        <Group gap="sm" role="search" aria-label="Filter the events">
          <Select aria-label="Type of event" placeholder="Any event" clearable searchable w={240} data={[...AUDIT_EVENT_TYPES]} value={filter.type === '' ? null : filter.type} onChange={(type) => change({ type: type ?? '' })} clearButtonProps={{ 'aria-label': 'Any event' }} />
          <TextInput type="search" aria-label="Run id" placeholder="Run id" w={{ base: '100%', xs: 300 }} value={runId} onChange={(event) => { setRunId(event.currentTarget.value); searchRun(event.currentTarget.value); }} />
        </Group>
        <AsyncView query={query} what="audit events" skeletonRows={12}>
          {({ items, next_cursor }) => (
            <Stack gap="sm">
              <AuditTable events={items} />
              <Pager atStart={filter.cursor === null} nextCursor={next_cursor} shown={`${items.length} events`} onPage={(cursor) => change({ cursor })} />
            </Stack>
          )}
        </AsyncView>
      </Stack>
    </Page>
  );
}
