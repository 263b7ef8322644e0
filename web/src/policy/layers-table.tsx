import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { layerPath } from './stack-view.tsx';

const SAYS = {
  tenant: 'For all workspaces. May grant, and chooses the packs',
  workspace: 'For the environments of this workspace. Only tightens',
  environment: 'For this environment alone. Only tightens',
};

/** The layers that can be written, from the outermost to the innermost. */
export function LayersTable({ layers }: { layers: Schemas['PolicyOverview']['layers'] }) {
  return (
    <div className="table-panel" tabIndex={0} role="region" aria-label="Layers as a table">
      <Table>
        <Table.Thead><Table.Tr><Table.Th scope="col">Layer</Table.Th><Table.Th scope="col">What it is for</Table.Th><Table.Th scope="col">Newest version</Table.Th><Table.Th scope="col">What it changed</Table.Th><Table.Th scope="col">Published</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {layers.map(({ layer, kind, name, newest }) => (
            <Table.Tr key={layer}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}><Anchor component={Link} to={layerPath(layer)} fw={550}>{kind} {name}</Anchor></Table.Td>
              <Table.Td><Text size="sm" c="dimmed">{SAYS[kind]}</Text></Table.Td>
              <Table.Td className="tabular">{newest === null ? <Text span size="sm" c="dimmed">none yet</Text> : newest.version}</Table.Td>
              <Table.Td style={{ maxWidth: 360 }}>{newest === null ? null : <Text size="sm" lineClamp={2}>{newest.message}</Text>}</Table.Td>
              <Table.Td>{newest === null ? null : <TimeAgo at={newest.published_at} />}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
