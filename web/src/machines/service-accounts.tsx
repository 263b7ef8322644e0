import { Group, Modal, Text, TextInput } from '@mantine/core';
import { IconBan, IconCheck, IconPlus, IconRobot } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { serviceAccountsQuery } from '../api/machine-queries.ts';
import { rolesQuery } from '../api/access-queries.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { useAct } from '../parts/use-act.ts';
import { nameOfRole } from '../roles/role-words.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { ApiKeys } from './api-keys.tsx';

type Account = Schemas['ServiceAccount'];

const WORKS: StateLook = { tone: 'ok', icon: IconCheck, meaning: 'Its keys, clients and tokens work' };
const STOPPED: StateLook = { tone: 'idle', icon: IconBan, meaning: 'None of its keys, clients and tokens works' };

/** Principals that are programs, each with its keys. */
export function ServiceAccounts() {
  const query = useQuery(serviceAccountsQuery);
  const roles = useQuery(rolesQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [making, setMaking] = useState(false);
  const [keysOf, setKeysOf] = useState<Account | null>(null);
  const may = allOf(mayCall('updateServiceAccount', me, 'Stopping a service account'), home);
  const rolesHere = ({ roles: held }: Account): string => held.filter(({ workspace_id }) => workspace_id === me?.workspace.id).map(({ role }) => nameOfRole(role, roles.data?.items ?? [])).join(', ');
  return (
    <Section title="Service accounts" actions={<ReasonButton size="xs" variant="default" permission={allOf(mayCall('createServiceAccount', me, 'Making a service account'), home)} leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setMaking(true)}>Make one</ReasonButton>}>
      <AsyncView query={query} what="service accounts" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <Empty icon={IconRobot} title="No service account">Make one for each program, so that each can be stopped by itself.</Empty>
          : (
            <DataTable
              label="Service accounts as a table"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                { name: 'State', cell: ({ disabled }) => (disabled ? <StateBadge state="stopped" look={STOPPED} /> : <StateBadge state="works" look={WORKS} />) },
                { name: 'Name', cell: ({ name }) => <Text span inherit fw={550}>{name}</Text> },
                { name: 'Id', cell: ({ id }) => <CopyId id={id} what="service account id" /> },
                { name: 'Roles here', cell: (account) => rolesHere(account) || <Text span c="dimmed" inherit>none</Text> },
                { name: 'Shows itself by', cell: ({ api_keys, clients, federations }) => `${counted(api_keys, 'key')}, ${counted(clients, 'client')}, ${counted(federations, 'federation')}` },
                {
                  name: 'Do',
                  cell: (account) => (
                    <Group gap="xs" wrap="nowrap">
                      <ReasonButton size="xs" variant="default" permission={{ allowed: true }} onClick={() => setKeysOf(account)}>Keys</ReasonButton>
                      <StopButton account={account} permission={may} />
                    </Group>
                  ),
                },
              ]}
            />
          ))}
      </AsyncView>
      {making ? <MakeModal onClose={() => setMaking(false)} /> : null}
      {keysOf === null ? null : <Modal opened onClose={() => setKeysOf(null)} size="90%" title={<Text fw={600}>Keys of {keysOf.name}</Text>}><ApiKeys principalId={keysOf.id} title={`Keys of ${keysOf.name}`} /></Modal>}
    </Section>
  );
}

function StopButton({ account, permission }: { account: Account; permission: ReturnType<typeof mayCall> }) {
  const change = useAct({
    act: () => dataOf(api.PATCH('/api/v1/service-accounts/{principal_id}', { params: { path: { principal_id: account.id } }, body: { disabled: !account.disabled } })),
    says: ({ name, disabled }) => (disabled ? `Nothing of ${name} works any more` : `${name} works again`),
    touches: ['service-accounts'],
    toastsProblem: true,
  });
  return <ReasonButton size="xs" variant="default" permission={permission} loading={change.isPending} onClick={() => change.mutate(undefined)}>{account.disabled ? 'Let it work' : 'Stop'}</ReasonButton>;
}

function MakeModal({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const make = useAct({
    act: () => dataOf(api.POST('/api/v1/service-accounts', { body: { name: name.trim() } })),
    says: (made) => `${made.name} is there. It holds nothing until you give it a role`,
    touches: ['service-accounts', 'limits'],
    onDone: onClose,
  });
  return (
    <FormModal title="Make a service account" confirm="Make it" wrong={name.trim() === '' ? 'Give it a name.' : null} pending={make.isPending} error={make.error} onClose={onClose} onSubmit={() => make.mutate(undefined)}>
      <TextInput label="Name" description="The program that it is for." required data-autofocus maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
    </FormModal>
  );
}

function counted(count: number, what: string): string {
  return `${count === 0 ? `no ${what}s` : countOf(count, what)}`;
}
