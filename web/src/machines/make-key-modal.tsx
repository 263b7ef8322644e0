import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { expiryOf, LIFETIMES } from './lifetimes.ts';
import { ScopesInput } from './scopes.tsx';

/** Makes a key for a principal; its value goes to whoever shows it, and nowhere else. */
export function MakeKeyModal({ principalId, onClose, onMade }: { principalId: string; onClose: () => void; onMade: (made: { name: string; key: string }) => void }) {
  const { data: me } = useQuery(meQuery);
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState('90');
  const own = me?.principal.id === principalId;
  const make = useAct({
    act: () => dataOf(api.POST('/api/v1/api-keys', {
      body: { name: name.trim(), expires_at: expiryOf(days, Date.now()), ...(scopes.length === 0 ? {} : { scopes }), ...(own ? {} : { principal_id: principalId }) },
    })),
    says: () => null,
    touches: ['api-keys'],
    onDone: (made) => {
      onMade({ name: made.name, key: made.key });
      onClose();
    },
  });
  return (
    <FormModal title="Make a key" confirm="Make it" wrong={name.trim() === '' ? 'Give it a name.' : null} pending={make.isPending} error={make.error} onClose={onClose} onSubmit={() => make.mutate(undefined)}>
      <TextInput label="Name" description="What uses it." data-autofocus required maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <ScopesInput label="May" description="Nothing chosen: all that its owner may." value={scopes} onChange={setScopes} from={own ? me?.permissions : undefined} />
      <NativeSelect label="Works for" data={LIFETIMES} value={days} onChange={(event) => setDays(event.currentTarget.value)} />
    </FormModal>
  );
}
