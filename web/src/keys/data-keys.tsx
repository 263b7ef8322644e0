import { NativeSelect, Text, Textarea } from '@mantine/core';
import { IconKey, IconKeyOff, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { dataKeysQuery } from '../api/key-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';

type DataKey = Schemas['DataKey'];

const REASON_MIN_LENGTH = 3;
const LOOKS: Record<DataKey['state'], StateLook> = {
  sealing: { tone: 'ok', icon: IconKey, meaning: 'What is sealed now is sealed with it' },
  opening: { tone: 'wait', icon: IconKey, meaning: 'Seals nothing new; what it sealed is opened, and sealed anew in the background' },
  shredded: { tone: 'idle', icon: IconKeyOff, meaning: 'It is gone, and so is what it sealed' },
};

/** Keys that seal content and secrets, one for each purpose, each wrapped by the root key. */
export function DataKeys() {
  const query = useQuery(dataKeysQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [rotating, setRotating] = useState(false);
  return (
    <Section
      title="Keys that seal"
      note="What a shredded key sealed is gone for everybody"
      actions={query.data === undefined || query.data.items.length === 0 ? undefined : <ReasonButton size="xs" variant="default" permission={allOf(mayCall('rotateDataKey', me, 'Rotating a key'), home)} leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => setRotating(true)}>Seal with a new key</ReasonButton>}
    >
      <AsyncView query={query} what="keys that seal" skeletonRows={4}>
        {({ items }) => (items.length === 0 ? <Empty icon={IconKeyOff} title="Nothing was sealed yet" /> : (
          <DataTable
            label="Keys that seal as a table"
            rows={items}
            rowKey={({ id }) => id}
            columns={[
              { name: 'Purpose', cell: ({ purpose }) => purpose.replaceAll('_', ' ') },
              { name: 'State', cell: ({ state }) => <StateBadge state={state} look={LOOKS[state]} /> },
              { name: 'Generation', cell: ({ generation }) => generation },
              { name: 'Key', cell: ({ id }) => <CopyId id={id} what="data key id" /> },
              { name: 'Wrapped by', cell: ({ kek }) => <CopyId id={kek} what="root key" /> },
              { name: 'Has sealed', cell: ({ seals }) => <span className="tabular">{seals.toLocaleString('en')} times</span> },
              { name: 'Made', cell: ({ created_at }) => <TimeAgo at={created_at} /> },
              { name: 'Ended', cell: ({ superseded_at, shredded_at }) => (shredded_at !== null ? <>shredded <TimeAgo at={shredded_at} /></> : superseded_at === null ? <Text span c="dimmed" inherit>not yet</Text> : <TimeAgo at={superseded_at} />) },
            ]}
          />
        ))}
      </AsyncView>
      {rotating ? <RotateModal purposes={[...new Set((query.data?.items ?? []).map(({ purpose }) => purpose))]} onClose={() => setRotating(false)} /> : null}
    </Section>
  );
}

function RotateModal({ purposes, onClose }: { purposes: ReadonlyArray<DataKey['purpose']>; onClose: () => void }) {
  const [purpose, setPurpose] = useState(purposes[0] ?? 'content');
  const [reason, setReason] = useState('');
  const rotate = useAct({
    act: () => dataOf(api.POST('/api/v1/data-keys/rotations', { body: { purpose, reason: reason.trim() } })),
    says: ({ generation }) => `Generation ${generation} seals from now on`,
    touches: ['data-keys'],
    onDone: onClose,
  });
  return (
    <FormModal title="Seal with a new key" confirm="Rotate" wrong={reason.trim().length < REASON_MIN_LENGTH ? `Say why, in at least ${REASON_MIN_LENGTH} letters.` : null} pending={rotate.isPending} error={rotate.error} onClose={onClose} onSubmit={() => rotate.mutate(undefined)}>
      <NativeSelect label="What is sealed" data={purposes.map((value) => ({ value, label: value.replaceAll('_', ' ') }))} value={purpose} onChange={(event) => setPurpose(purposes.find((one) => one === event.currentTarget.value) ?? purpose)} />
      <Textarea label="Reason" required data-autofocus autosize minRows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormModal>
  );
}
