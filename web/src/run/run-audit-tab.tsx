import { Anchor, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Run } from '../api/client.ts';
import { auditQuery } from '../api/queries.ts';
import { ANY_EVENT } from '../audit/audit-filter.ts';
import { AuditTable } from '../audit/audit-table.tsx';
import { AsyncView } from '../parts/async-view.tsx';

const EVENTS_SHOWN = 200;

/** The sealed events of this run, newest first. */
export function RunAuditTab({ run }: { run: Run }) {
  const query = useQuery(auditQuery({ ...ANY_EVENT, runId: run.id }, EVENTS_SHOWN));
  return (
    <Stack gap="xs">
      <AsyncView query={query} what="audit events">{({ items }) => <AuditTable events={items} />}</AsyncView>
      <Group justify="flex-end"><Anchor size="sm" component={Link} to={`/audit?run=${run.id}`}>Open in Audit</Anchor></Group>
    </Stack>
  );
}
