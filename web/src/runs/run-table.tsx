import { Anchor, Table, Text, Tooltip } from '@mantine/core';
import { createColumnHelper, flexRender, getCoreRowModel, useReactTable } from '@tanstack/react-table';
import { Link } from 'react-router';
import type { RunSummary } from '../api/client.ts';
import { formatUsd } from '../format/money.ts';
import { Elapsed, TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { RUN_LOOKS } from '../parts/state-look.ts';

const column = createColumnHelper<RunSummary>();

const COLUMNS = [
  column.display({ id: 'state', header: 'State', cell: ({ row: { original: run } }) => <><StateBadge state={run.state} look={RUN_LOOKS[run.state]} />{run.paused_at == null ? null : <Text size="xs" c="dimmed">paused</Text>}</> }),
  column.display({ id: 'subject', header: 'Ticket', cell: ({ row: { original: run } }) => <Anchor component={Link} to={`/runs/${run.id}`} fw={550}>{run.subject_label ?? run.subject ?? 'No subject'}</Anchor> }),
  column.display({
    id: 'workflow', header: 'Workflow',
    cell: ({ row: { original: run } }) => <span style={{ whiteSpace: 'nowrap' }}>{run.workflow_name}<Text span c="dimmed" inherit>@{run.workflow_version}</Text></span>,
  }),
  column.display({ id: 'environment', header: 'Environment', cell: ({ row: { original: run } }) => run.environment }),
  column.display({ id: 'started', header: 'Started', cell: ({ row: { original: run } }) => <TimeAgo at={run.started_at ?? run.created_at} /> }),
  column.display({ id: 'duration', header: 'Duration', cell: ({ row: { original: run } }) => <Elapsed from={run.started_at} to={run.finished_at} /> }),
  column.display({ id: 'cost', header: 'Cost', cell: ({ row: { original: run } }) => <Tooltip label={`${run.cost_usd} USD`}><span className="tabular">{formatUsd(run.cost_usd)}</span></Tooltip> }),
  column.display({
    id: 'error', header: 'Error',
    cell: ({ row: { original: run } }) => (run.error === null ? null : <Tooltip label={run.error.message}><code style={{ color: 'var(--cs-bad)' }}>{run.error.code}</code></Tooltip>),
  }),
  column.display({ id: 'id', header: 'Run', cell: ({ row: { original: run } }) => <CopyId id={run.id} what="run id" /> }),
];

export function RunTable({ runs, gone }: { runs: RunSummary[]; gone: ReadonlySet<string> }) {
  const table = useReactTable({ data: runs, columns: COLUMNS, getCoreRowModel: getCoreRowModel(), getRowId: (run) => run.id });
  return (
    <div className="panel table-panel" tabIndex={0} role="region" aria-label="Runs">
      <Table>
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {group.headers.map((header) => <Table.Th key={header.id} scope="col">{flexRender(header.column.columnDef.header, header.getContext())}</Table.Th>)}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map((row) => (
            <Table.Tr key={row.id} title={gone.has(row.id) ? 'This row is from before: refresh to see whether it still belongs here' : undefined} style={gone.has(row.id) ? { fontStyle: 'italic' } : undefined}>
              {row.getVisibleCells().map((cell) => <Table.Td key={cell.id}>{flexRender(cell.column.columnDef.cell, cell.getContext())}</Table.Td>)}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
