import { Table } from '@mantine/core';
import { IconKey, IconKeyOff } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';

type Key = Schemas['KeySet']['keys'][number];

const KEY_LOOKS: Record<Key['state'], StateLook> = {
  signing: { tone: 'ok', icon: IconKey, meaning: 'What is signed now is signed with it' },
  verifying: { tone: 'wait', icon: IconKey, meaning: 'Signs nothing new; what it signed is still verified with it' },
  retired: { tone: 'idle', icon: IconKeyOff, meaning: 'What is signed with it is refused' },
};

const COLUMNS = ['Purpose', 'State', 'Algorithm', 'Key id', 'Since', 'Until', 'Public key'];

export function KeyTable({ keys }: { keys: readonly Key[] }) {
  return (
    <div className="table-panel" tabIndex={0} role="region" aria-label="Keys as a table">
      <Table>
        <Table.Thead><Table.Tr>{COLUMNS.map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {keys.map((key) => {
            const until = key.retired_at ?? key.retires_at;
            return (
              <Table.Tr key={key.kid}>
                <Table.Td>{key.purpose.replaceAll('_', ' ')}</Table.Td>
                <Table.Td><StateBadge state={key.state} look={KEY_LOOKS[key.state]} /></Table.Td>
                <Table.Td>{key.algorithm}</Table.Td>
                <Table.Td><CopyId id={key.kid} what="key id" /></Table.Td>
                <Table.Td><TimeAgo at={key.created_at} /></Table.Td>
                <Table.Td>{until === null ? 'no end' : <TimeAgo at={until} />}</Table.Td>
                <Table.Td><CopyId id={JSON.stringify(key.public_jwk)} what="public key" text="Copy as JWK" /></Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}
