import { Checkbox, Code, MultiSelect, NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { Notice } from '../parts/notice.tsx';
import { useAct } from '../parts/use-act.ts';
import { NEW_SINK, newSinkOf, sinkChangeOf, TYPE_CHOICES, wrongWith, type SinkForm } from './sink-form.ts';
import { SINK_FORMATS } from './sink-looks.ts';

type Sink = Schemas['Sink'];

const KINDS: ReadonlyArray<{ value: SinkForm['kind']; label: string }> = [{ value: 'webhook', label: 'a webhook' }, { value: 's3', label: 'the object store of this cell' }];

/** Streams the audit of all workspaces to one more place. `onMade` gets the sink with the secret of a webhook, this one time. */
export function AddSinkModal({ onClose, onMade }: { onClose: () => void; onMade: (made: Sink) => void }) {
  const [form, setForm] = useState<SinkForm>(NEW_SINK);
  const set = (part: Partial<SinkForm>): void => setForm({ ...form, ...part });
  const make = useAct({
    act: () => dataOf(api.POST('/api/v1/audit/sinks', { body: newSinkOf(form) })),
    says: ({ name, secret }) => (secret === undefined ? `${name} gets the audit from now on` : null),
    touches: ['audit-sinks'],
    onDone: (made) => {
      onMade(made);
      onClose();
    },
  });
  return (
    <FormModal title="Add a sink" confirm="Add it" size="lg" wrong={wrongWith(form)} pending={make.isPending} error={make.error} onClose={onClose} onSubmit={() => make.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={100} value={form.name} onChange={(event) => set({ name: event.currentTarget.value })} />
      <NativeSelect label="Where to" data={[...KINDS]} value={form.kind} onChange={(event) => set({ kind: event.currentTarget.value === 's3' ? 's3' : 'webhook' })} />
      {form.kind === 's3'
        ? <Text size="sm">Gzipped batches under a prefix of your tenant’s own, which is shown once it is made.</Text>
        : <TextInput label="Address" description="Events are posted here, signed by a secret (Standard Webhooks) and by your key of the purpose webhook (RFC 9421)." placeholder="https://siem.example.com/countersign" required maxLength={500} spellCheck={false} value={form.endpoint} onChange={(event) => set({ endpoint: event.currentTarget.value })} />}
      <NativeSelect label="Format" data={[...SINK_FORMATS]} value={form.format} onChange={(event) => set({ format: SINK_FORMATS.find(({ value }) => value === event.currentTarget.value)?.value ?? form.format })} />
      <TypesInput value={form.types} onChange={(types) => set({ types })} />
      <Checkbox label="Send sensitive members as they are" description="Names and addresses inside of your network. Without it, only their digests leave the cell; what is secret never does." checked={form.showsSensitive} onChange={(event) => set({ showsSensitive: event.currentTarget.checked })} />
      <Checkbox label="Begin with the first event that was ever sealed" description="Without it, with the next one." checked={form.fromFirst} onChange={(event) => set({ fromFirst: event.currentTarget.checked })} />
    </FormModal>
  );
}

/** Changes what a sink is called and which events it gets. Another address is another sink. */
export function ChangeSinkModal({ sink, onClose }: { sink: Sink; onClose: () => void }) {
  const [name, setName] = useState(sink.name);
  const [types, setTypes] = useState(sink.types ?? []);
  const change = useAct({
    act: () => dataOf(api.PATCH('/api/v1/audit/sinks/{sink_id}', { params: { path: { sink_id: sink.id } }, body: sinkChangeOf(name, types) })),
    says: (changed) => `${changed.name} gets ${changed.types === null ? 'all events' : 'what was chosen'} from now on`,
    touches: ['audit-sinks'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Change ${sink.name}`} confirm="Change it" wrong={name.trim() === '' ? 'Give it a name.' : null} pending={change.isPending} error={change.error} onClose={onClose} onSubmit={() => change.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <TypesInput value={types} onChange={setTypes} />
      <Text size="sm" c="dimmed">For another address, add another sink: each has a secret of its own.</Text>
    </FormModal>
  );
}

function TypesInput({ value, onChange }: { value: string[]; onChange: (types: string[]) => void }) {
  return <MultiSelect label="Events" description="None chosen: all of them. approval.* is all of a kind." placeholder={value.length === 0 ? 'All events' : undefined} searchable clearable hidePickedOptions limit={60} data={[...TYPE_CHOICES]} value={value} onChange={onChange} nothingFoundMessage="No such event" clearButtonProps={{ 'aria-label': 'All events' }} />;
}

/** It is told, in the stream itself, that this is the last event that it gets. */
export function RemoveSinkModal({ sink, onClose }: { sink: Sink; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/audit/sinks/{sink_id}', { params: { path: { sink_id: sink.id } } })),
    says: () => `${sink.name} gets nothing more, once it has been told so`,
    touches: ['audit-sinks'],
    onDone: onClose,
  });
  const behind = sink.positions.reduce((sum, { lag }) => sum + lag, 0);
  return (
    <FormModal title={`Remove ${sink.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}>
      <Text size="sm">The last event that it gets is the one that says so. What it already has stays there.</Text>
      {behind === 0 ? null : <Notice tone="wait" title="It does not have everything yet">It is {behind.toLocaleString('en')} behind. What is on its way is sent first, as long as it takes it.</Notice>}
      <Text size="sm">Its address: <Code>{sink.endpoint}</Code></Text>
    </FormModal>
  );
}
