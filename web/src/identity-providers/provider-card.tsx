import { Group, Text, Title } from '@mantine/core';
import { IconBan, IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';

type Provider = Schemas['IdentityProvider'];

const LOOKS: Record<'enabled' | 'disabled', StateLook> = {
  enabled: { tone: 'ok', icon: IconCheck, meaning: 'People sign in by it' },
  disabled: { tone: 'idle', icon: IconBan, meaning: 'Nobody signs in by it; sessions that it began go on until they end' },
};

/** One provider: who comes in by it, and what its claims mean here. `children` are what can be done with it. */
export function ProviderCard({ provider, children }: { provider: Provider; children: ReactNode }) {
  const state = provider.enabled ? 'enabled' : 'disabled';
  return (
    <section className="panel" aria-label={`Identity provider ${provider.name}`}>
      <header>
        <Group gap="sm"><Title order={2}>{provider.name}</Title><StateBadge state={state} look={LOOKS[state]} /></Group>
        <Group gap="xs">{children}</Group>
      </header>
      <Facts
        facts={[
          { name: 'Issuer', value: provider.issuer },
          { name: 'Client', value: <><CopyId id={provider.client_id} what="client id" /> <Text span size="xs" c="dimmed">{provider.has_client_secret ? 'with a secret' : 'public'}</Text></> },
          { name: 'Who comes in', value: whoOf(provider) },
          { name: 'Groups', value: provider.groups_claim === null ? 'are not read' : <>of the claim <code>{provider.groups_claim}</code></> },
          ...(provider.mfa_acr_values.length === 0 ? [] : [{ name: 'A second factor, by acr', value: provider.mfa_acr_values.map((value) => <div key={value} className="mono">{value}</div>) }]),
          { name: 'Asked for', value: provider.scopes.join(' ') },
          { name: 'ID tokens signed by', value: provider.algorithm },
          { name: 'Added', value: <TimeAgo at={provider.created_at} /> },
          { name: 'Provider', value: <CopyId id={provider.id} what="provider id" /> },
        ]}
      />
      <div style={{ padding: '8px 16px 14px' }}>
        <Text size="xs" c="dimmed">Redirect address: to be registered at the provider, to the letter</Text>
        <CopyId id={provider.redirect_uri} what="redirect address" text={provider.redirect_uri} />
      </div>
    </section>
  );
}

function whoOf({ provisioning, allowed_email_domains: domains }: Provider): string {
  const who = provisioning === 'just_in_time' ? 'everybody' : 'who was invited or provisioned';
  return `${who}, ${domains.length === 0 ? 'of any e-mail domain' : `of ${domains.join(', ')}`}`;
}
