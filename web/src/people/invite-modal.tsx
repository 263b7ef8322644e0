import { MultiSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useAct } from '../parts/use-act.ts';

const ADDRESS = /^[^@\s]+@[^@\s]+$/;

/** Invites a person into this workspace. There is no mail: the link is shown once, to hand on. */
export function InviteModal({ roles, onClose }: { roles: ReadonlyArray<Schemas['RoleDefinition']>; onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>(['viewer']);
  const [link, setLink] = useState<string | null>(null);
  const invite = useAct({
    act: () => dataOf(api.POST('/api/v1/invitations', { body: { email: email.trim(), display_name: name.trim(), roles: chosen } })),
    says: () => null,
    touches: ['invitations', 'limits'],
    onDone: (made) => setLink(made.link),
  });
  if (link !== null) return <ShownOnce title={`The invitation of ${name.trim()}`} value={link} onClose={onClose} />;
  const wrong = !ADDRESS.test(email.trim()) ? 'Write an e-mail address.' : name.trim() === '' ? 'Write the name.' : null;
  return (
    <FormModal title="Invite somebody" confirm="Invite" wrong={wrong} pending={invite.isPending} error={invite.error} onClose={onClose} onSubmit={() => invite.mutate(undefined)}>
      <TextInput label="E-mail" description="A provider’s sign-in with this verified address may take the invitation." type="email" required data-autofocus maxLength={254} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
      <TextInput label="Name" required maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <MultiSelect label="Roles in this workspace" data={roles.map(({ id, name: label }) => ({ value: id, label }))} value={chosen} onChange={setChosen} hidePickedOptions />
    </FormModal>
  );
}
