import { Code, Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { IconPlus, IconPlugOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { oauthClientsQuery } from '../api/machine-queries.ts';
import { meQuery } from '../api/queries.ts';
import { formatDuration } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { AccountSelect } from './account-select.tsx';
import { TOKEN_LIFETIMES } from './lifetimes.ts';
import { RotateModal } from './rotate-modal.tsx';
import { Scopes, ScopesInput } from './scopes.tsx';

type Client = Schemas['OauthClient'];
type Made = Schemas['OauthClientSecret'];

/** Programs that get short-lived tokens for a secret of their own. */
export function OauthClients() {
  const query = useQuery(oauthClientsQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [making, setMaking] = useState(false);
  const [rotating, setRotating] = useState<Client | null>(null);
  const [removing, setRemoving] = useState<Client | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <Section title="OAuth clients" note="Tokens for a secret: client credentials" actions={<ReasonButton size="xs" variant="default" permission={allOf(mayCall('createOauthClient', me, 'Making a client'), home)} leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setMaking(true)}>Make a client</ReasonButton>}>
      <AsyncView query={query} what="clients" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <Empty icon={IconPlugOff} title="No client">A client asks <code>POST /api/v1/oauth/token</code> for tokens that last minutes.</Empty>
          : (
            <DataTable
              label="OAuth clients as a table"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                { name: 'Name', cell: ({ name, disabled }) => <><Text span inherit fw={550}>{name}</Text>{disabled ? <Text size="xs" c="dimmed">stopped</Text> : null}</> },
                { name: 'Client id', cell: ({ id }) => <CopyId id={id} what="client id" /> },
                { name: 'Acts for', cell: ({ principal_id }) => <CopyId id={principal_id} what="service account id" /> },
                { name: 'May', cell: ({ scopes }) => <Scopes scopes={scopes} /> },
                { name: 'Tokens last', cell: ({ token_ttl_s }) => formatDuration(token_ttl_s * 1_000) },
                { name: 'Last used', cell: ({ last_used_at, previous_until }) => <>{last_used_at === null ? 'never' : <TimeAgo at={last_used_at} />}{previous_until === null ? null : <Text size="xs" c="dimmed" component="div">the secret before works until <TimeAgo at={previous_until} /></Text>}</> },
                {
                  name: 'Do',
                  cell: (client) => (
                    <Group gap="xs" wrap="nowrap">
                      <ReasonButton size="xs" variant="default" permission={allOf(mayCall('rotateOauthClient', me, 'Rotating a secret'), home)} onClick={() => setRotating(client)}>Rotate</ReasonButton>
                      <ReasonButton size="xs" variant="default" permission={allOf(mayCall('deleteOauthClient', me, 'Removing a client'), home)} onClick={() => setRemoving(client)}>Remove</ReasonButton>
                    </Group>
                  ),
                },
              ]}
            />
          ))}
      </AsyncView>
      {making ? <MakeModal onClose={() => setMaking(false)} onMade={setMade} /> : null}
      {rotating === null ? null : (
        <RotateModal
          name={rotating.name}
          what="secret"
          touches={['oauth-clients']}
          act={(overlap_s) => dataOf(api.POST('/api/v1/oauth-clients/{client_id}/rotate', { params: { path: { client_id: rotating.id } }, body: { overlap_s } }))}
          onClose={() => setRotating(null)}
          onMade={setMade}
        />
      )}
      {removing === null ? null : <RemoveModal client={removing} onClose={() => setRemoving(null)} />}
      {made === null ? null : (
        <ShownOnce title={`The secret of ${made.name}`} value={made.client_secret} onClose={() => setMade(null)}>
          <Text size="sm">Its client id is <code>{made.id}</code>. It asks for a token with</Text>
          <Code block>{`curl -u ${made.id}:$SECRET -d grant_type=client_credentials ${window.location.origin}/api/v1/oauth/token`}</Code>
        </ShownOnce>
      )}
    </Section>
  );
}

function MakeModal({ onClose, onMade }: { onClose: () => void; onMade: (made: Made) => void }) {
  const { data: me } = useQuery(meQuery);
  const [name, setName] = useState('');
  const [principal_id, setPrincipal] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [ttl_s, setTtl] = useState('900');
  const make = useAct({
    act: () => dataOf(api.POST('/api/v1/oauth-clients', { body: { name: name.trim(), principal_id, scopes, token_ttl_s: Number(ttl_s) } })),
    says: () => null,
    touches: ['oauth-clients', 'service-accounts'],
    onDone: (made) => {
      onMade(made);
      onClose();
    },
  });
  const wrong = name.trim() === '' ? 'Give it a name.' : principal_id === '' ? 'Choose whom it acts for.' : scopes.length === 0 ? 'Choose what it may do.' : null;
  return (
    <FormModal title="Make a client" confirm="Make it" wrong={wrong} pending={make.isPending} error={make.error} onClose={onClose} onSubmit={() => make.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <AccountSelect value={principal_id} onChange={setPrincipal} />
      <ScopesInput label="May" description="Out of what you hold yourself." value={scopes} onChange={setScopes} from={me?.permissions} />
      <NativeSelect label="Tokens last" data={TOKEN_LIFETIMES} value={ttl_s} onChange={(event) => setTtl(event.currentTarget.value)} />
    </FormModal>
  );
}

function RemoveModal({ client, onClose }: { client: Client; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/oauth-clients/{client_id}', { params: { path: { client_id: client.id } } })),
    says: () => `${client.name} gets no token any more`,
    touches: ['oauth-clients', 'service-accounts'],
    onDone: onClose,
  });
  return <FormModal title={`Remove ${client.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}><Text size="sm">Tokens that it has end at once.</Text></FormModal>;
}
