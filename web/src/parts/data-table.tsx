import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  /** What the table holds, for who cannot see it. */
  label: string;
  columns: ReadonlyArray<Column<Row>>;
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** With a frame of its own, where it stands in no panel. */
  framed?: boolean;
}

/** Rows in named columns, scrolled sideways by pointer and by keyboard where they do not fit. */
export function DataTable<Row>({ label, columns, rows, rowKey, framed = false }: Props<Row>) {
  return (
    <div className={framed ? 'panel table-panel' : 'table-panel'} tabIndex={0} role="region" aria-label={label}>
      <Table>
        <Table.Thead><Table.Tr>{columns.map(({ name }) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {rows.map((row) => <Table.Tr key={rowKey(row)}>{columns.map(({ name, cell }) => <Table.Td key={name}>{cell(row)}</Table.Td>)}</Table.Tr>)}
        </Table.Tbody>
      </Table>
    </div>
  );
}
