import { Anchor, Group, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { ApprovePackage } from './approve-package.tsx';
import { failureInWords, healthLook, PACKAGE_LOOKS, USE_LOOKS } from './instance-looks.ts';
import type { Health } from './instance-looks.ts';

/** A system that workflows may reach: what it runs, where it goes, whether it answers. */
export function InstanceCard({ instance }: { instance: Schemas['Instance'] }) {
  const use = instance.enabled ? 'enabled' : 'disabled';
  const health = healthLook(instance.health);
  const found = instance.package;
  return (
    <section className="panel" aria-label={`Instance ${instance.name}`}>
      <header>
        <Title order={2}>{instance.name}</Title>
        <Group gap="xs">
          <StateBadge state={use} look={USE_LOOKS[use]} />
          {instance.base_url === null ? null : <StateBadge state={health.word} look={health} />}
          {found === undefined ? null : <StateBadge state={PACKAGE_LOOKS[found.state].word} look={PACKAGE_LOOKS[found.state]} />}
          {found === undefined || found.state !== 'changed' ? null : <ApprovePackage instance={instance} found={found} />}
        </Group>
      </header>
      <Facts
        facts={[
          { name: 'Connector', value: <span className="mono">{instance.connector}@{instance.connector_version}</span> },
          { name: 'Environment', value: instance.environment },
          { name: 'Reaches', value: reachOf(instance) },
          ...(instance.base_url === null ? [] : [{ name: 'Allowed hosts', value: instance.allowed_hosts.length === 0 ? 'that of its address, where it is public' : instance.allowed_hosts.join(', ') }]),
          ...healthFacts(instance.health),
          ...(found?.pinned.package_digest == null ? [] : [{ name: 'Approved package', value: <CopyId id={found.pinned.package_digest} what="package digest" /> }]),
          { name: 'Instance', value: <CopyId id={instance.id} what="instance id" /> },
        ]}
      />
      <div style={{ padding: '8px 16px 14px' }}>
        <Text size="xs" c="dimmed">Webhook: events are posted here, signed as the connector says</Text>
        <CopyId id={instance.webhook_url} what="webhook URL" text={instance.webhook_url} />
      </div>
    </section>
  );
}

function reachOf({ base_url, pool }: Schemas['Instance']) {
  if (pool !== null) return <>what agents of <Anchor component={Link} underline="always" to="/agents">{pool.name}</Anchor> connect it to</>;
  return base_url ?? 'nothing: it is local';
}

/** Only what there is to say: an instance that answers and has no limit adds nothing. */
function healthFacts({ circuit, last_failure_code, probe_at, blocked_until, window }: Health) {
  return [
    ...(circuit === 'closed' ? [] : [{ name: 'Last failure', value: failureInWords(last_failure_code) }]),
    ...(probe_at === null ? [] : [{ name: 'Tried again', value: <TimeAgo at={probe_at} /> }]),
    ...(blocked_until === null ? [] : [{ name: 'Silent until', value: <TimeAgo at={blocked_until} /> }]),
    ...(window === null ? [] : [{ name: 'Requests in this window', value: <>{window.count} of {window.limit}, {window.source === 'peer' ? 'as it says itself' : 'as its connector declares'}; ends <TimeAgo at={window.ends_at} /></> }]),
  ];
}
