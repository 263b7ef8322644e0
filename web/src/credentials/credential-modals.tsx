import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { givenOf, KINDS, NOTHING_GIVEN, wrongWith, wrongWithName, type Given, type Kind } from './credential-form.ts';
import { GivenInput } from './given-input.tsx';

type Credential = Schemas['Credential'];

const OVERLAPS = [{ value: '0', label: 'no: from now on only the new one' }, { value: '3600', label: 'an hour' }, { value: '86400', label: 'a day' }, { value: '604800', label: 'a week' }];

/** Stores a credential. It can never be read back. */
export function StoreModal({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('basic');
  const [given, setGiven] = useState<Given>(NOTHING_GIVEN);
  const store = useAct({
    act: () => dataOf(api.POST('/api/v1/credentials', { body: { name, kind, ...givenOf(kind, given) } })),
    says: (stored) => `${stored.name} is stored. An instance uses it once it names it`,
    touches: ['credentials'],
    onDone: onClose,
  });
  return (
    <FormModal title="Store a credential" confirm="Store it" wrong={wrongWithName(name) ?? wrongWith(kind, given)} pending={store.isPending} error={store.error} onClose={onClose} onSubmit={() => store.mutate(undefined)}>
      <TextInput label="Name" description="What instances call it." placeholder="servicenow-prod" required data-autofocus maxLength={63} autoCapitalize="none" spellCheck={false} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <NativeSelect label="Kind" data={[...KINDS]} value={kind} onChange={(event) => setKind(KINDS.find(({ value }) => value === event.currentTarget.value)?.value ?? kind)} />
      <GivenInput kind={kind} given={given} onChange={setGiven} />
    </FormModal>
  );
}

/** Replaces what a credential is. Whatever uses it uses the new one with its next call. */
export function RotateModal({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const { id, name, kind } = credential;
  const [given, setGiven] = useState<Given>({ ...NOTHING_GIVEN, kept: credential.source === 'sealed' ? 'here' : 'elsewhere', secretRef: credential.secret_ref ?? '' });
  const [overlap_s, setOverlap] = useState('0');
  const overlaps = kind === 'webhook_secret';
  const rotate = useAct({
    act: () => dataOf(api.POST('/api/v1/credentials/{credential_id}/rotate', { params: { path: { credential_id: id } }, body: { ...givenOf(kind, given), ...(overlaps ? { overlap_s: Number(overlap_s) } : {}) } })),
    says: (rotated) => `${rotated.name} is at version ${rotated.version}`,
    touches: ['credentials'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Rotate ${name}`} confirm="Rotate it" wrong={wrongWith(kind, given)} pending={rotate.isPending} error={rotate.error} onClose={onClose} onSubmit={() => rotate.mutate(undefined)}>
      <Text size="sm">Make the new one in the other system first. Calls use it at once; the one before is forgotten here.</Text>
      <GivenInput kind={kind} given={given} onChange={setGiven} />
      {overlaps ? <NativeSelect label="The one before verifies webhooks, too, for" data={OVERLAPS} value={overlap_s} onChange={(event) => setOverlap(event.currentTarget.value)} /> : null}
    </FormModal>
  );
}

export function RemoveModal({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/credentials/{credential_id}', { params: { path: { credential_id: credential.id } } })),
    says: () => `${credential.name} is removed`,
    touches: ['credentials'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Remove ${credential.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}>
      <Text size="sm">Nothing uses it. {credential.source === 'sealed' ? 'What is sealed here is gone then.' : 'What it refers to stays where it is kept.'} Revoke it in the other system, too.</Text>
    </FormModal>
  );
}
