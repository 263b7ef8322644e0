import { Anchor, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { Facts } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ChangeGroups } from '../policy/change-groups.tsx';
import { ReleaseModal } from '../policy-releases/release-modal.tsx';
import { allOf, mayCall } from '../states/role-permission.ts';
import { maySwitch, wishOf } from './switch-wish.ts';

type Readiness = Schemas['ShadowReadiness'];

interface Props {
  readiness: Readiness;
  overview: Schemas['PolicyOverview'] | undefined;
}

/** One environment: how much was watched, for how long, what differs; and the way to let it bind. */
export function ReadinessCard({ readiness, overview }: Props) {
  const { data: me } = useQuery(meQuery);
  const [switching, setSwitching] = useState(false);
  const environment = overview?.environments.find(({ environment_id }) => environment_id === readiness.environment_id);
  const wish = environment === undefined || overview === undefined ? null : wishOf(environment, overview.layers);
  const { shadow_decisions, decisions, differing } = readiness;
  return (
    <section className="panel" aria-label={`Shadow in ${readiness.environment}`}>
      <header>
        <Group gap="sm">
          <Title order={2}>{readiness.environment}</Title>
          {environment?.shadow == null ? <Text size="sm" c="dimmed">rules in shadow mode</Text> : <Anchor size="sm" component={Link} to={`/policy/releases/${environment.shadow.id}`}>shadow release #{environment.shadow.number}</Anchor>}
        </Group>
        <ReasonButton size="xs" permission={allOf(maySwitch(environment, wish), mayCall('createPolicyRelease', me, 'Switching to enforce'))} onClick={() => setSwitching(true)}>Switch to enforce</ReasonButton>
      </header>
      <Facts
        facts={[
          { name: 'Decided in shadow', value: <span className="tabular">{shadow_decisions} of {decisions}</span> },
          { name: 'Of them differ', value: <span className="tabular">{differing} ({shadow_decisions === 0 ? 0 : Math.round((differing / shadow_decisions) * 1_000) / 10} %)</span> },
          { name: 'Days with decisions', value: <span className="tabular">{readiness.days_observed}</span> },
          ...(readiness.first_shadow_at === null ? [] : [{ name: 'First', value: <TimeAgo at={readiness.first_shadow_at} /> }]),
          ...(readiness.last_shadow_at === null ? [] : [{ name: 'Last', value: <TimeAgo at={readiness.last_shadow_at} /> }]),
          { name: 'All that differ', value: <Anchor component={Link} to={`/decisions?environment=${readiness.environment}&differs=true`}>in the log</Anchor> },
        ]}
      />
      {readiness.groups.length === 0
        ? <Text size="sm" px="md" pb="md">{shadow_decisions === 0 ? 'Nothing was decided in shadow in this time.' : 'It would have decided everything as it was decided.'}</Text>
        : <ChangeGroups groups={readiness.groups} label={`Where the shadow in ${readiness.environment} differs`} />}
      {switching && wish !== null && overview !== undefined ? <ReleaseModal overview={overview} wish={wish} environmentId={readiness.environment_id} onClose={() => setSwitching(false)} /> : null}
    </section>
  );
}
