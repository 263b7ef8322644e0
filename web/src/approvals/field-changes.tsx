import { Table, Text } from '@mantine/core';
import type { Schemas } from '../api/client.ts';
import classes from './approvals.module.css';

type Field = Schemas['Preview']['fields'][number];

/** Each field before and after, and the text that is added. Plain text throughout: what comes from a ticket is never markup. */
export function FieldChanges({ preview }: { preview: Schemas['Preview'] }) {
  return (
    <>
      <Table aria-label="Fields that change" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr><Table.Th scope="col">Field</Table.Th><Table.Th scope="col">Before</Table.Th><Table.Th scope="col">After</Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {preview.fields.map((field) => (
            <Table.Tr key={field.name}>
              <Table.Th scope="row" fw={500}>{field.label}</Table.Th>
              <Table.Td><Before field={field} /></Table.Td>
              <Table.Td><After field={field} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Additions additions={preview.additions} />
    </>
  );
}

/** The same where there is little room: one line for each field. */
export function FieldList({ preview }: { preview: Schemas['Preview'] }) {
  return (
    <>
      <dl className={classes.fields}>
        {preview.fields.map((field) => (
          <div key={field.name}>
            <dt>{field.label}</dt>
            <dd>{field.before === field.after ? <After field={field} /> : <><Before field={field} /> <span aria-label="becomes">→</span> <After field={field} /></>}</dd>
          </div>
        ))}
      </dl>
      <Additions additions={preview.additions} />
    </>
  );
}

function Before({ field: { before, after } }: { field: Field }) {
  if (before === '') return <span className={classes.none}>empty</span>;
  return before === after ? before : <del className={classes.before}>{before}</del>;
}

function After({ field: { before, after } }: { field: Field }) {
  if (before === after) return <>{after === '' ? <span className={classes.none}>empty</span> : after} <Text span size="xs" c="dimmed">unchanged</Text></>;
  return after === '' ? <span className={classes.none}>empty</span> : <ins className={classes.after}>{after}</ins>;
}

function Additions({ additions }: { additions: Schemas['Preview']['additions'] }) {
  return additions.map(({ label, text }) => (
    <div key={label} className={classes.adds}>
      <Text size="xs" c="dimmed" mb={4}>Adds: {label}</Text>
      <pre className={classes.addition}>{text}</pre>
    </div>
  ));
}
