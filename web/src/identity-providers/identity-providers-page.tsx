import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconIdOff, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { AccessNav } from '../access/access-nav.tsx';
import { api, dataOf, done, ifMatch, type Schemas } from '../api/client.ts';
import { identityProvidersQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { useAct } from '../parts/use-act.ts';
import type { Permission } from '../states/permission.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { ProviderCard } from './provider-card.tsx';
import { ProviderModal } from './provider-modal.tsx';
import { SessionLimits } from './session-limits.tsx';
import { TestProviderModal } from './test-provider-modal.tsx';

type Provider = Schemas['IdentityProvider'];

/** The OpenID providers that vouch for people, and what their claims mean here. */
export function IdentityProvidersPage() {
  const query = useQuery(identityProvidersQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [editing, setEditing] = useState<Provider | 'new' | null>(null);
  const [testing, setTesting] = useState<Provider | null>(null);
  const [removing, setRemoving] = useState<Provider | null>(null);
  const [made, setMade] = useState<Provider | null>(null);
  return (
    <Page
      title="Identity providers"
      lead="OpenID providers that vouch for your people. Each sends browsers back to an address of its own, which must be registered there."
      actions={<ReasonButton permission={allOf(mayCall('createIdentityProvider', me, 'Adding a provider'), home)} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>Add a provider</ReasonButton>}
    >
      <AccessNav />
      <Stack gap="md">
        <AsyncView query={query} what="identity providers" skeletonRows={3}>
          {({ items }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconIdOff} title="No identity provider">People sign in by passkeys and links. With a provider they sign in by the account that they have at work, and leave when it ends.</Empty></div>
            : (
              <Stack gap="md">
                {items.map((provider) => (
                  <ProviderCard key={provider.id} provider={provider}>
                    <ReasonButton size="xs" variant="default" permission={mayCall('testIdentityProvider', me, 'Testing a provider')} onClick={() => setTesting(provider)}>Test</ReasonButton>
                    <ReasonButton size="xs" variant="default" permission={allOf(mayCall('updateIdentityProvider', me, 'Changing a provider'), home)} onClick={() => setEditing(provider)}>Change</ReasonButton>
                    <DisableButton provider={provider} permission={allOf(mayCall('updateIdentityProvider', me, 'Disabling a provider'), home)} />
                    <ReasonButton size="xs" variant="default" permission={allOf(mayCall('deleteIdentityProvider', me, 'Removing a provider'), home)} onClick={() => setRemoving(provider)}>Remove</ReasonButton>
                  </ProviderCard>
                ))}
              </Stack>
            ))}
        </AsyncView>
        {mayCall('getSessionLimits', me, '').allowed ? <SessionLimits /> : null}
      </Stack>
      {editing === null ? null : <ProviderModal provider={editing === 'new' ? null : editing} onClose={() => setEditing(null)} onMade={setMade} />}
      {made === null ? null : <RegisterModal provider={made} onClose={() => setMade(null)} />}
      {testing === null ? null : <TestProviderModal provider={testing} onClose={() => setTesting(null)} />}
      {removing === null ? null : <RemoveModal provider={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

/** Until its redirect address is registered there, the provider sends nobody back. */
function RegisterModal({ provider: { name, redirect_uri }, onClose }: { provider: Provider; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>Register the redirect address at {name}</Text>}>
      <Stack gap="md">
        <Text size="sm">{name} is added. It sends people back only to an address that it knows: register this one there, to the letter.</Text>
        <CopyId id={redirect_uri} what="redirect address" text={redirect_uri} />
        <Text size="sm" c="dimmed">It is shown with the provider, too. Test the provider when it is registered.</Text>
        <Group justify="flex-end"><Button onClick={onClose}>Close</Button></Group>
      </Stack>
    </Modal>
  );
}

function DisableButton({ provider, permission }: { provider: Provider; permission: Permission }) {
  const { id, enabled, version } = provider;
  const change = useAct({
    act: () => dataOf(api.PATCH('/api/v1/identity-providers/{provider_id}', { params: { path: { provider_id: id }, header: ifMatch(`"${version}"`) }, body: { enabled: !enabled } })),
    says: (changed) => (changed.enabled ? `People can sign in by ${changed.name} again` : `Nobody signs in by ${changed.name} for now`),
    touches: ['identity-providers'],
    toastsProblem: true,
  });
  return <ReasonButton size="xs" variant="default" permission={permission} loading={change.isPending} onClick={() => change.mutate(undefined)}>{enabled ? 'Disable' : 'Enable'}</ReasonButton>;
}

function RemoveModal({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/identity-providers/{provider_id}', { params: { path: { provider_id: provider.id } } })),
    says: () => `${provider.name} vouches for nobody any more`,
    touches: ['identity-providers', 'people'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Remove ${provider.name}`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}>
      <Text size="sm">Whoever signed in by it needs another way: a passkey, a link, or an invitation to another provider. Who they are, and what they hold, stays. Sessions go on until they end.</Text>
    </FormModal>
  );
}
