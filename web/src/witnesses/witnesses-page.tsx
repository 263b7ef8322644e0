import { Checkbox, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconEyeOff, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { checkpointsQuery, witnessesQuery } from '../api/audit-queries.ts';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AuditNav } from '../audit/audit-nav.tsx';
import { AsyncView } from '../parts/async-view.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { lastCosignatureOf } from './last-cosignature.ts';
import { WitnessCard } from './witness-card.tsx';

type Witness = Schemas['Witness'];

/** Who countersigns the checkpoints of the tenant, and up to where. */
export function WitnessesPage() {
  const query = useQuery(witnessesQuery);
  const checkpoints = useQuery({ ...checkpointsQuery(null), refetchInterval: 15_000 });
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Witness | null>(null);
  return (
    <Page
      title="Witnesses"
      lead="Programs of somebody else that countersign checkpoints. Each remembers what it was shown, so that history cannot be written anew without its noticing."
      actions={<ReasonButton permission={allOf(mayCall('createWitness', me, 'Adding a witness'), home)} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>Add a witness</ReasonButton>}
    >
      <AuditNav />
      <AsyncView query={query} what="witnesses" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <div className="panel"><Empty icon={IconEyeOff} title="Nobody countersigns">Without a witness, whoever holds the signing key can write another history. <code>npm run witness</code> starts one; let somebody else run it.</Empty></div>
          : (
            <Stack gap="md">
              {items.map((witness) => (
                <WitnessCard key={witness.id} witness={witness} last={lastCosignatureOf(witness.id, checkpoints.data?.items ?? [])}>
                  <ReasonButton size="xs" variant="default" permission={allOf(mayCall('deleteWitness', me, 'Removing a witness'), home)} onClick={() => setRemoving(witness)}>Remove</ReasonButton>
                </WitnessCard>
              ))}
            </Stack>
          ))}
      </AsyncView>
      {adding ? <AddModal onClose={() => setAdding(false)} /> : null}
      {removing === null ? null : <RemoveModal witness={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

function AddModal({ onClose }: { onClose: () => void }) {
  const [vkey, setVkey] = useState('');
  const [url, setUrl] = useState('');
  const [required, setRequired] = useState(false);
  const add = useAct({
    act: () => dataOf(api.POST('/api/v1/audit/witnesses', { body: { vkey: vkey.trim(), url: url.trim(), required } })),
    says: ({ name }) => `${name} is shown every checkpoint from the next one on`,
    touches: ['witnesses'],
    onDone: onClose,
  });
  const wrong = vkey.trim().split('+').length < 3 ? 'Paste the key of the witness: its name, +, its key id, +, and base64.' : URL.canParse(url.trim()) ? null : 'Write the address at which the witness is asked.';
  return (
    <FormModal title="Add a witness" confirm="Add it" size="lg" wrong={wrong} pending={add.isPending} error={add.error} onClose={onClose} onSubmit={() => add.mutate(undefined)}>
      <Textarea label="Its key" description="As the witness says at its start. Its cosignatures are verified with it." placeholder="witness.example.com/w1+1a2b3c4d+BAm…" required data-autofocus autosize minRows={2} maxRows={4} maxLength={500} spellCheck={false} value={vkey} onChange={(event) => setVkey(event.currentTarget.value)} />
      <TextInput label="Its address" description="It speaks c2sp.org/tlog-witness there." placeholder="https://witness.example.com" required maxLength={500} spellCheck={false} value={url} onChange={(event) => setUrl(event.currentTarget.value)} />
      <Checkbox label="Evidence waits for its cosignature" description="While it does not answer, no new evidence can be built." checked={required} onChange={(event) => setRequired(event.currentTarget.checked)} />
    </FormModal>
  );
}

function RemoveModal({ witness, onClose }: { witness: Witness; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/audit/witnesses/{witness_id}', { params: { path: { witness_id: witness.id } } })),
    says: () => `${witness.name} is shown nothing more`,
    touches: ['witnesses'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Remove ${witness.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}>
      <Text size="sm">What it has countersigned stays. From the next checkpoint on nobody of that name vouches for what comes after.</Text>
    </FormModal>
  );
}
