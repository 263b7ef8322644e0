import { Text, TextInput } from '@mantine/core';
import { IconFingerprint, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { passkeysQuery } from '../api/people-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { makePasskey, passkeysWork } from '../sign-in/browser-passkeys.ts';

type Passkey = Schemas['Passkey'];

/** What a person signs in with that cannot be phished: keys that a device keeps. */
export function Passkeys() {
  const query = useQuery(passkeysQuery);
  const [permission] = useState(passkeysWork);
  const [adding, setAdding] = useState(false);
  return (
    <Section title="Passkeys" note="A sign-in that cannot be phished, and no password" actions={<ReasonButton size="xs" variant="default" permission={permission} leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>Add a passkey</ReasonButton>}>
      <AsyncView query={query} what="passkeys" skeletonRows={2}>
        {({ items }) => (items.length === 0
          ? <Empty icon={IconFingerprint} title="No passkey yet">With one you sign in by your device: no link, no provider.</Empty>
          : <DataTable label="Passkeys as a table" columns={COLUMNS} rows={items} rowKey={({ id }) => id} />)}
      </AsyncView>
      {adding ? <AddPasskey onClose={() => setAdding(false)} /> : null}
    </Section>
  );
}

const COLUMNS: ReadonlyArray<Column<Passkey>> = [
  { name: 'Name', cell: ({ name }) => <Text span inherit fw={550}>{name}</Text> },
  { name: 'Passkey', cell: ({ id }) => <CopyId id={id} what="passkey id" /> },
  { name: 'Kept', cell: ({ backed_up }) => (backed_up ? 'in the account of a password manager' : 'on one device only') },
  { name: 'Added', cell: ({ created_at }) => <TimeAgo at={created_at} /> },
  { name: 'Last used', cell: ({ last_used_at }) => (last_used_at === null ? 'never' : <TimeAgo at={last_used_at} />) },
  { name: 'Remove', cell: (passkey) => <RemovePasskey passkey={passkey} /> },
];

function AddPasskey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const add = useAct({
    act: async () => {
      const { attempt_id, options } = await dataOf(api.POST('/api/v1/passkeys/options'));
      const response = await makePasskey(options);
      return dataOf(api.POST('/api/v1/passkeys', { body: { attempt_id, name: name.trim(), response } }));
    },
    says: (made) => `You can sign in with ${made.name} from now on`,
    touches: ['passkeys'],
    onDone: onClose,
  });
  return (
    <FormModal title="Add a passkey" confirm="Ask the device" wrong={name.trim() === '' ? 'Give it a name.' : null} pending={add.isPending} error={add.error} onClose={onClose} onSubmit={() => add.mutate(undefined)}>
      <TextInput label="Name" description="What you will know it by: the device, or who keeps it." data-autofocus required maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
    </FormModal>
  );
}

function RemovePasskey({ passkey }: { passkey: Passkey }) {
  const [asking, setAsking] = useState(false);
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/passkeys/{passkey_id}', { params: { path: { passkey_id: passkey.id } } })),
    says: () => `${passkey.name} signs nobody in any more`,
    touches: ['passkeys'],
    onDone: () => setAsking(false),
  });
  return (
    <>
      <ReasonButton size="xs" variant="default" permission={{ allowed: true }} onClick={() => setAsking(true)}>Remove</ReasonButton>
      {asking ? <FormModal title={`Remove ${passkey.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={() => setAsking(false)} onSubmit={() => remove.mutate(undefined)}><Text size="sm">It cannot be used here any more; the device may go on offering it. The last way in cannot be removed.</Text></FormModal> : null}
    </>
  );
}
