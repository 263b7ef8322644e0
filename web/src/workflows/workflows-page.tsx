import { Anchor, Group, Table, Text } from '@mantine/core';
import { IconRoute } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { workflowsQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty, Page } from '../parts/page.tsx';

export function WorkflowsPage() {
  const query = useQuery(workflowsQuery);
  return (
    <Page title="Workflows" lead="Published versions never change. A run is pinned to the version it started with.">
      <AsyncView query={query} what="workflows" skeletonRows={3}>
        {({ items }) => (items.length === 0 ? <div className="panel"><Empty icon={IconRoute} title="No workflow is published">Publish one with <code>POST /api/v1/workflows</code>, its YAML as the body.</Empty></div> : (
          <div className="panel table-panel" tabIndex={0} role="region" aria-label="Workflows">
            <Table>
              <Table.Thead><Table.Tr><Table.Th scope="col">Workflow</Table.Th><Table.Th scope="col">Newest version</Table.Th><Table.Th scope="col">Active in</Table.Th><Table.Th scope="col">Id</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((workflow) => (
                  <Table.Tr key={workflow.id}>
                    <Table.Td><Anchor component={Link} to={`/workflows/${workflow.id}`} fw={550}>{workflow.name}</Anchor></Table.Td>
                    <Table.Td className="tabular">{workflow.latest_version}</Table.Td>
                    <Table.Td>
                      <Group gap="sm">
                        {workflow.activations.length === 0 ? <Text size="sm" c="dimmed">nowhere</Text> : null}
                        {workflow.activations.map(({ environment, version, enabled }) => <span key={environment}>{environment} <Text span c="dimmed" inherit>@{version}{enabled ? '' : ', switched off'}</Text></span>)}
                      </Group>
                    </Table.Td>
                    <Table.Td><CopyId id={workflow.id} what="workflow id" /></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        ))}
      </AsyncView>
    </Page>
  );
}
