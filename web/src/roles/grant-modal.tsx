import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { nameOfRole } from './role-words.ts';

const LASTS = [{ value: '', label: 'until it is taken' }, { value: '3600', label: 'an hour' }, { value: '28800', label: 'eight hours' }, { value: '604800', label: 'a week' }, { value: '2592000', label: '30 days' }];

interface Props {
  roles: ReadonlyArray<Schemas['RoleDefinition']>;
  principalId: string | undefined;
  onClose: () => void;
}

/** Gives a role in this workspace. Nobody gives what they do not hold: the server says so. */
export function GrantModal({ roles, principalId, onClose }: Props) {
  const [principal, setPrincipal] = useState(principalId ?? '');
  const [role, setRole] = useState('viewer');
  const [lasts_s, setLasts] = useState('');
  const grant = useAct({
    act: () => dataOf(api.POST('/api/v1/role-assignments', {
      body: { principal_id: principal.trim(), role, ...(lasts_s === '' ? {} : { expires_at: new Date(Date.now() + Number(lasts_s) * 1_000).toISOString() }) },
    })),
    says: ({ display_name }) => `${display_name} holds ${nameOfRole(role, roles)} from now on`,
    touches: ['role-assignments', 'roles', 'people', 'me', 'change-requests'],
    onDone: onClose,
  });
  return (
    <FormModal title="Give a role" confirm="Give it" wrong={principal.trim() === '' ? 'Say to whom.' : null} pending={grant.isPending} error={grant.error} onClose={onClose} onSubmit={() => grant.mutate(undefined)}>
      {principalId === undefined ? <TextInput label="To" description="The id of a person or of a service account (prn_...)." required data-autofocus value={principal} onChange={(event) => setPrincipal(event.currentTarget.value)} /> : null}
      <NativeSelect label="Role" data={roles.map(({ id, name }) => ({ value: id, label: name }))} value={role} onChange={(event) => setRole(event.currentTarget.value)} />
      <NativeSelect label="For" data={LASTS} value={lasts_s} onChange={(event) => setLasts(event.currentTarget.value)} />
    </FormModal>
  );
}
