import { Table } from '@mantine/core';
import type { Schemas } from '../api/client.ts';
import { CopyId } from '../parts/copy-id.tsx';

export function KeyTable({ keys }: { keys: Schemas['KeySet']['keys'] }) {
  return (
    <div className="table-panel" tabIndex={0} role="region" aria-label="Keys as a table">
      <Table>
        <Table.Thead><Table.Tr><Table.Th scope="col">Purpose</Table.Th><Table.Th scope="col">Algorithm</Table.Th><Table.Th scope="col">Key id</Table.Th><Table.Th scope="col">Public key</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <Table.Tr key={key.kid}>
              <Table.Td>{key.purpose.replace('_', ' ')}</Table.Td>
              <Table.Td>{key.algorithm}</Table.Td>
              <Table.Td><CopyId id={key.kid} what="key id" /></Table.Td>
              <Table.Td><CopyId id={JSON.stringify(key.public_jwk)} what="public key" text="Copy as JWK" /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
