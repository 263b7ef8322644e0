import { Button, Code, Group, Stack, Text } from '@mantine/core';
import type { FieldClass } from '@countersign/contracts/events/catalogue.ts';
import { IconEyeOff, IconLock, IconShieldCheck, IconWorld } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schemas } from '../api/client.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { CLASS_MEANINGS, fieldsOf } from './event-fields.ts';
import { ProofModal } from './proof-modal.tsx';

const CLASS_LOOKS: Record<FieldClass, StateLook> = {
  public: { tone: 'idle', icon: IconWorld, meaning: CLASS_MEANINGS.public },
  sensitive: { tone: 'wait', icon: IconEyeOff, meaning: CLASS_MEANINGS.sensitive },
  secret: { tone: 'bad', icon: IconLock, meaning: CLASS_MEANINGS.secret },
};

/** All of one event: its members and who may see each outside of the cell, its place in the chain, and the way to prove it. */
export function EventDetails({ sealed }: { sealed: Schemas['SealedEvent'] }) {
  const [proving, setProving] = useState(false);
  const fields = fieldsOf(sealed.event['data']);
  return (
    <Stack gap="xs" align="flex-start">
      {fields.length === 0 ? <Text size="sm" c="dimmed">It says nothing beyond what is in the row.</Text> : (
        <div className="panel" style={{ maxWidth: '100%' }}>
          <DataTable
            label={`What event ${sealed.seq} says, as a table`}
            rows={fields}
            rowKey={({ name }) => name}
            columns={[
              { name: 'Member', cell: ({ name }) => <code>{name}</code> },
              { name: 'Class', cell: ({ fieldClass }) => <StateBadge state={fieldClass} look={CLASS_LOOKS[fieldClass]} /> },
              { name: 'Value', cell: ({ text }) => <span className="mono" style={{ overflowWrap: 'anywhere' }}>{text}</span> },
            ]}
          />
        </div>
      )}
      <Group gap="md">
        <Button size="xs" variant="default" leftSection={<IconShieldCheck size={15} aria-hidden />} onClick={() => setProving(true)}>Prove it</Button>
        <Text size="xs" c="dimmed" component="span">Hash of the event before: <CopyId id={sealed.prev_hash} what="previous hash" /></Text>
      </Group>
      <details style={{ maxWidth: '100%' }}>
        <summary><Text span size="xs">As it is sealed, JSON</Text></summary>
        <Code block mt={6} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{JSON.stringify(sealed.event, null, 2)}</Code>
      </details>
      {proving ? <ProofModal sealed={sealed} onClose={() => setProving(false)} /> : null}
    </Stack>
  );
}
