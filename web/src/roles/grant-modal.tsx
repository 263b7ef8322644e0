import { NativeSelect, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { groupRolesQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { GranteeSelect } from './grantee-select.tsx';
import { isGroup, withRole } from './grantees.ts';
import { nameOfRole } from './role-words.ts';

const LASTS = [{ value: '', label: 'until it is taken' }, { value: '3600', label: 'an hour' }, { value: '28800', label: 'eight hours' }, { value: '604800', label: 'a week' }, { value: '2592000', label: '30 days' }];

interface Props {
  roles: ReadonlyArray<Schemas['RoleDefinition']>;
  /** Whom; asked for where it is not said. */
  principalId: string | undefined;
  onClose: () => void;
}

/** Gives a role in this workspace. Nobody gives what they do not hold: the server says so. */
export function GrantModal({ roles, principalId, onClose }: Props) {
  const { data: me } = useQuery(meQuery);
  const queryClient = useQueryClient();
  const [to, setTo] = useState(principalId ?? '');
  const [role, setRole] = useState('viewer');
  const [lasts_s, setLasts] = useState('');
  const giveGroup = async (workspace_id: string): Promise<string> => {
    const { roles: held } = await queryClient.fetchQuery({ ...groupRolesQuery(to), staleTime: 0 });
    await dataOf(api.PUT('/api/v1/groups/{group_id}/roles', { params: { path: { group_id: to } }, body: { roles: withRole(held, { workspace_id, role }) } }));
    return 'Members of the group hold';
  };
  const givePrincipal = async (): Promise<string> => {
    const expires = lasts_s === '' ? {} : { expires_at: new Date(Date.now() + Number(lasts_s) * 1_000).toISOString() };
    const { display_name } = await dataOf(api.POST('/api/v1/role-assignments', { body: { principal_id: to, role, ...expires } }));
    return `${display_name} holds`;
  };
  const grant = useAct({
    act: () => (isGroup(to) ? giveGroup(me?.workspace.id ?? '') : givePrincipal()),
    says: (who) => `${who} ${nameOfRole(role, roles)} from now on`,
    touches: ['role-assignments', 'roles', 'people', 'group-roles', 'me', 'change-requests'],
    onDone: onClose,
  });
  return (
    <FormModal title="Give a role" confirm="Give it" wrong={to === '' ? 'Say to whom.' : null} pending={grant.isPending} error={grant.error} onClose={onClose} onSubmit={() => grant.mutate(undefined)}>
      {principalId === undefined ? <GranteeSelect value={to} onChange={setTo} /> : null}
      <NativeSelect label="Role" data={roles.map(({ id, name }) => ({ value: id, label: name }))} value={role} onChange={(event) => setRole(event.currentTarget.value)} />
      {isGroup(to)
        ? <Text size="sm" c="dimmed">Members hold it in {me?.workspace.name ?? 'this workspace'} for as long as they are in the group, and whoever joins it holds it, too.</Text>
        : <NativeSelect label="For" data={LASTS} value={lasts_s} onChange={(event) => setLasts(event.currentTarget.value)} />}
    </FormModal>
  );
}
