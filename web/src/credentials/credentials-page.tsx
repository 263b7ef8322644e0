import { Group, Text } from '@mantine/core';
import { IconLockOff, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '../api/client.ts';
import { credentialsQuery } from '../api/credential-queries.ts';
import { meQuery } from '../api/queries.ts';
import { ConnectorsNav } from '../connectors/connectors-nav.tsx';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { kindInWords } from './credential-form.ts';
import { RemoveModal, RotateModal, StoreModal } from './credential-modals.tsx';

type Credential = Schemas['Credential'];

const SOURCES: Record<Credential['source'], string> = { sealed: 'sealed here', 'aws-sm': 'AWS Secrets Manager', env: 'the environment of the processes', file: 'a file of the cell' };

/** What connectors sign in with: where it is kept, what uses it, when it was changed. Never what it is. */
export function CredentialsPage() {
  const query = useQuery(credentialsQuery);
  const { data: me } = useQuery(meQuery);
  const [storing, setStoring] = useState(false);
  const [rotating, setRotating] = useState<Credential | null>(null);
  const [removing, setRemoving] = useState<Credential | null>(null);
  return (
    <Page
      title="Credentials"
      lead="What connectors sign in with. They come in and never go out: only the gateway opens one, for one call. Each belongs to the workspace that it was stored in."
      actions={<ReasonButton permission={mayCall('storeCredential', me, 'Storing a credential')} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setStoring(true)}>Store a credential</ReasonButton>}
    >
      <ConnectorsNav />
      <AsyncView query={query} what="credentials" skeletonRows={4}>
        {({ items }) => (items.length === 0
          ? <div className="panel"><Empty icon={IconLockOff} title="No credential">Store what a system of record lets you in by, and let an instance of its connector use it.</Empty></div>
          : (
            <DataTable
              framed
              label="Credentials as a table"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                { name: 'Name', cell: ({ name, id }) => <><Text inherit fw={550}>{name}</Text><CopyId id={id} what="credential id" /></> },
                { name: 'Kind', cell: ({ kind }) => kindInWords(kind) },
                { name: 'Kept', cell: ({ source, secret_ref }) => <>{SOURCES[source]}{secret_ref === null ? null : <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}><code>{secret_ref}</code></Text>}</> },
                { name: 'Used by', cell: (credential) => <UsedBy credential={credential} /> },
                { name: 'Version', cell: ({ version }) => version },
                { name: 'Changed', cell: whenOf },
                {
                  name: 'Do',
                  cell: (credential) => (
                    <Group gap="xs" wrap="nowrap">
                      <ReasonButton size="xs" variant="default" permission={mayCall('rotateCredential', me, 'Rotating a credential')} onClick={() => setRotating(credential)}>Rotate</ReasonButton>
                      <ReasonButton size="xs" variant="default" permission={allOf(mayCall('deleteCredential', me, 'Removing a credential'), given(credential.used_by.length === 0, `${countOf(credential.used_by.length, 'use')} of it: let those instances use another one first.`))} onClick={() => setRemoving(credential)}>Remove</ReasonButton>
                    </Group>
                  ),
                },
              ]}
            />
          ))}
      </AsyncView>
      {storing ? <StoreModal onClose={() => setStoring(false)} /> : null}
      {rotating === null ? null : <RotateModal credential={rotating} onClose={() => setRotating(null)} />}
      {removing === null ? null : <RemoveModal credential={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

function UsedBy({ credential: { used_by } }: { credential: Credential }) {
  if (used_by.length === 0) return <Text inherit c="dimmed">nothing</Text>;
  return used_by.map(({ instance_id, name, as }) => <div key={`${instance_id} ${as}`}>{name} <Text span size="xs" c="dimmed">as {as.replaceAll('_', ' ')}</Text> <CopyId id={instance_id} what="instance id" /></div>);
}

function whenOf({ created_at, rotated_at, previous_until }: Credential) {
  return (
    <>
      {rotated_at === null ? <>stored <TimeAgo at={created_at} /></> : <>rotated <TimeAgo at={rotated_at} /></>}
      {previous_until === null ? null : <Text size="xs" c="dimmed" component="div">the one before verifies until <TimeAgo at={previous_until} /></Text>}
    </>
  );
}
