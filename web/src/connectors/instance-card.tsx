import { Text, Title } from '@mantine/core';
import { IconBan, IconCheck } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';

const ENABLED = { tone: 'ok', icon: IconCheck, meaning: 'Workflows may use it' } as const;
const DISABLED = { tone: 'idle', icon: IconBan, meaning: 'No call goes out, and its webhook is refused' } as const;

export function InstanceCard({ instance }: { instance: Schemas['Instance'] }) {
  return (
    <section className="panel" aria-label={`Instance ${instance.name}`}>
      <header>
        <Title order={2}>{instance.name}</Title>
        {instance.enabled ? <StateBadge state="enabled" look={ENABLED} /> : <StateBadge state="disabled" look={DISABLED} />}
      </header>
      <Facts
        facts={[
          { name: 'Connector', value: <span className="mono">{instance.connector}@{instance.connector_version}</span> },
          { name: 'Environment', value: instance.environment },
          { name: 'Reaches', value: instance.base_url ?? 'nothing: it is local' },
          { name: 'Allowed hosts', value: instance.allowed_hosts.length === 0 ? 'none' : instance.allowed_hosts.join(', ') },
          { name: 'Instance', value: <CopyId id={instance.id} what="instance id" /> },
        ]}
      />
      <div style={{ padding: '8px 16px 14px' }}>
        <Text size="xs" c="dimmed">Webhook: events are posted here, signed (Standard Webhooks)</Text>
        <CopyId id={instance.webhook_url} what="webhook URL" text={instance.webhook_url} />
      </div>
    </section>
  );
}
