import { Table, Text, VisuallyHidden } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { permissionsQuery } from '../api/access-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Section } from '../parts/section.tsx';

/** Which built-in role holds which permission, and what of the API it opens: the table that the server decides by. */
export function PermissionTable() {
  const query = useQuery(permissionsQuery);
  return (
    <Section title="What built-in roles may do" note="The table that the server decides by">
      <AsyncView query={query} what="the table of permissions" skeletonRows={10}>
        {({ items, roles }) => (
          <div className="table-panel" tabIndex={0} role="region" aria-label="Permissions as a table">
            <Table>
              <Table.Thead><Table.Tr><Table.Th scope="col">Permission</Table.Th>{roles.map(({ role }) => <Table.Th key={role} scope="col">{role}</Table.Th>)}<Table.Th scope="col">Opens</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map(({ name, roles: holders, operations }) => (
                  <Table.Tr key={name}>
                    <Table.Th scope="row" fw={500}><code>{name}</code></Table.Th>
                    {roles.map(({ role }) => <Table.Td key={role}>{holders.includes(role) ? <><IconCheck size={15} aria-hidden /><VisuallyHidden>yes</VisuallyHidden></> : <VisuallyHidden>no</VisuallyHidden>}</Table.Td>)}
                    <Table.Td><Text size="xs" c="dimmed" maw={420}>{operations.join(', ')}</Text></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </AsyncView>
    </Section>
  );
}
