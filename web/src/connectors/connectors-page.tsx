import { Stack, Table, Text, Title } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { connectorsQuery, instancesQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ConnectorsNav } from './connectors-nav.tsx';
import { InstanceCard } from './instance-card.tsx';

export function ConnectorsPage() {
  const instances = useQuery(instancesQuery);
  const connectors = useQuery(connectorsQuery);
  return (
    <Page title="Connectors" lead="The systems that workflows may read and write, each with the hosts it may reach and nothing else.">
      <ConnectorsNav />
      <Stack gap="md">
        <AsyncView query={instances} what="instances" skeletonRows={4}>
          {({ items }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconPlugConnectedX} title="No connector instance yet">Make one with <code>POST /api/v1/instances</code>. The sandbox's is made when the cell starts for the first time.</Empty></div>
            : items.map((instance) => <InstanceCard key={instance.id} instance={instance} />))}
        </AsyncView>
        <section className="panel" aria-label="Published versions">
          <header><Title order={2}>Published versions</Title><Text size="xs" c="dimmed">A published manifest never changes</Text></header>
          <AsyncView query={connectors} what="connector versions" skeletonRows={3}>
            {({ items }) => (
              <div className="table-panel" tabIndex={0} role="region" aria-label="Connector versions">
                <Table>
                  <Table.Thead><Table.Tr><Table.Th scope="col">Connector</Table.Th><Table.Th scope="col">Version</Table.Th><Table.Th scope="col">Manifest digest</Table.Th><Table.Th scope="col">Published</Table.Th></Table.Tr></Table.Thead>
                  <Table.Tbody>
                    {items.map((version) => (
                      <Table.Tr key={`${version.connector} ${version.version}`}>
                        <Table.Td fw={550}>{version.connector}</Table.Td>
                        <Table.Td className="mono">{version.version}</Table.Td>
                        <Table.Td><CopyId id={version.manifest_digest} what="manifest digest" /></Table.Td>
                        <Table.Td><TimeAgo at={version.published_at} /></Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            )}
          </AsyncView>
        </section>
      </Stack>
    </Page>
  );
}
