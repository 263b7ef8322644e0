import { List, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, ifMatch, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { ScopesInput } from '../machines/scopes.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { changeOf } from './role-words.ts';

type Role = Schemas['RoleDefinition'];

/** Makes a role out of permissions that one holds, or changes one; then it says what that gives and takes. */
export function RoleModal({ role, onClose }: { role: Role | null; onClose: () => void }) {
  const { data: me } = useQuery(meQuery);
  const [name, setName] = useState(role?.name ?? '');
  const [permissions, setPermissions] = useState<string[]>(role?.permissions ?? []);
  const save = useAct({
    act: () => {
      const body = { name: name.trim(), permissions };
      if (role === null) return dataOf(api.POST('/api/v1/roles', { body }));
      return dataOf(api.PATCH('/api/v1/roles/{role_id}', { params: { path: { role_id: role.id }, header: ifMatch(role.version === undefined ? null : `"${role.version}"`) }, body }));
    },
    says: (saved) => (role === null ? `The role ${saved.name} can be given` : `${saved.name} is changed for everybody who holds it`),
    touches: ['roles', 'me', 'change-requests'],
    onDone: onClose,
  });
  const wrong = name.trim() === '' ? 'Give it a name.' : permissions.length === 0 ? 'Choose what it may do.' : null;
  const { added, removed } = changeOf(role?.permissions ?? [], permissions);
  return (
    <FormModal title={role === null ? 'Make a role' : `Change the role ${role.name}`} confirm={role === null ? 'Make it' : 'Change it'} wrong={wrong} pending={save.isPending} error={save.error} onClose={onClose} onSubmit={() => save.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <ScopesInput label="May" description="Permissions that you hold yourself." value={permissions} onChange={setPermissions} from={[...new Set([...(me?.permissions ?? []), ...(role?.permissions ?? [])])].toSorted()} />
      {role === null || added.length + removed.length === 0 ? null : (
        <List size="sm" aria-label="What changes">
          {added.map((one) => <List.Item key={one}>gives <code>{one}</code></List.Item>)}
          {removed.map((one) => <List.Item key={one}>takes <code>{one}</code></List.Item>)}
        </List>
      )}
    </FormModal>
  );
}
