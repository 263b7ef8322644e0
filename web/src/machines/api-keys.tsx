import { Button, Group, Text } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { apiKeysQuery } from '../api/machine-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useAct } from '../parts/use-act.ts';
import { given } from '../states/role-permission.ts';
import { MakeKeyModal } from './make-key-modal.tsx';
import { RotateModal } from './rotate-modal.tsx';
import { Scopes } from './scopes.tsx';

type ApiKey = Schemas['ApiKeyView'];
type Made = { name: string; key: string };

/** Keys of one principal: what they may do, until when, when they were last used. The secret is seen once, when a key is made or rotated. */
export function ApiKeys({ principalId, title }: { principalId: string; title: string }) {
  const query = useQuery(apiKeysQuery(principalId));
  const [making, setMaking] = useState(false);
  const [rotating, setRotating] = useState<ApiKey | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <Section title={title} note="A key does what its owner may, or less" actions={<Button size="xs" variant="default" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setMaking(true)}>Make a key</Button>}>
      <AsyncView query={query} what="keys" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <Empty icon={IconKey} title="No key">Programs that call the API send one as <code>Authorization: Bearer cs_key_...</code>.</Empty>
          : <DataTable label={`${title} as a table`} columns={[...COLUMNS, { name: 'Do', cell: (key: ApiKey) => <Acts apiKey={key} onRotate={() => setRotating(key)} /> }]} rows={items} rowKey={({ id }) => id} />)}
      </AsyncView>
      {making ? <MakeKeyModal principalId={principalId} onClose={() => setMaking(false)} onMade={setMade} /> : null}
      {rotating === null ? null : (
        <RotateModal
          name={rotating.name}
          what="key"
          touches={['api-keys']}
          act={(overlap_s) => dataOf(api.POST('/api/v1/api-keys/{key_id}/rotate', { params: { path: { key_id: rotating.id } }, body: { overlap_s } }))}
          onClose={() => setRotating(null)}
          onMade={setMade}
        />
      )}
      {made === null ? null : <ShownOnce title={`The key ${made.name}`} value={made.key} onClose={() => setMade(null)} />}
    </Section>
  );
}

const COLUMNS: ReadonlyArray<Column<ApiKey>> = [
  { name: 'Name', cell: ({ name }) => <Text span inherit fw={550}>{name}</Text> },
  { name: 'Begins with', cell: ({ prefix }) => <CopyId id={prefix} what="beginning of the key" /> },
  { name: 'Key', cell: ({ id }) => <CopyId id={id} what="key id" /> },
  { name: 'May', cell: ({ scopes }) => <Scopes scopes={scopes} /> },
  { name: 'Ends', cell: ({ expires_at, replaced_by }) => <>{expires_at === null ? 'never' : <TimeAgo at={expires_at} />}{replaced_by === null ? null : <Text size="xs" c="dimmed">another took its place</Text>}</> },
  { name: 'Last used', cell: ({ last_used_at }) => (last_used_at === null ? 'never' : <TimeAgo at={last_used_at} />) },
];

function Acts({ apiKey, onRotate }: { apiKey: ApiKey; onRotate: () => void }) {
  const [revoking, setRevoking] = useState(false);
  const revoke = useAct({
    act: () => done(api.DELETE('/api/v1/api-keys/{key_id}', { params: { path: { key_id: apiKey.id } } })),
    says: () => `${apiKey.name} opens nothing any more`,
    touches: ['api-keys'],
    onDone: () => setRevoking(false),
  });
  return (
    <Group gap="xs" wrap="nowrap">
      <ReasonButton size="xs" variant="default" permission={given(apiKey.replaced_by === null, 'It was rotated: another key took its place.')} onClick={onRotate}>Rotate</ReasonButton>
      <Button size="xs" variant="default" onClick={() => setRevoking(true)}>Revoke</Button>
      {revoking ? <FormModal title={`Revoke ${apiKey.name}`} confirm="Revoke it" danger pending={revoke.isPending} error={revoke.error} onClose={() => setRevoking(false)} onSubmit={() => revoke.mutate(undefined)}><Text size="sm">Whatever uses it is refused from the next request on. It cannot be undone; rotate it instead to change it without a gap.</Text></FormModal> : null}
    </Group>
  );
}
