import { Table, Text } from '@mantine/core';
import type { Schemas } from '../api/client.ts';
import classes from './approvals.module.css';

/** Each field before and after, and the text that is added. Plain text throughout: what comes from a ticket is never markup. */
export function FieldChanges({ preview, compact = false }: { preview: Schemas['Preview']; compact?: boolean }) {
  return (
    <>
      <Table aria-label="Fields that change" verticalSpacing={compact ? 5 : 8} horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr><Table.Th scope="col">Field</Table.Th><Table.Th scope="col">Before</Table.Th><Table.Th scope="col">After</Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {preview.fields.map(({ name, label, before, after }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500}>{label}</Table.Th>
              <Table.Td>{before === '' ? <span className={classes.none}>empty</span> : before === after ? before : <del className={classes.before}>{before}</del>}</Table.Td>
              <Table.Td>{after === '' ? <span className={classes.none}>empty</span> : before === after ? <>{after} <Text span size="xs" c="dimmed">unchanged</Text></> : <ins className={classes.after} style={{ textDecoration: 'none' }}>{after}</ins>}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {preview.additions.map(({ label, text }) => (
        <div key={label} style={{ padding: '10px 16px' }}>
          <Text size="xs" c="dimmed" mb={4}>Adds: {label}</Text>
          <pre className={classes.addition}>{text}</pre>
        </div>
      ))}
    </>
  );
}
