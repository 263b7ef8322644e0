import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { policyOverviewQuery, policyStatusQuery } from '../api/policy-queries.ts';
import { keysQuery } from '../api/key-queries.ts';
import { cellQuery } from '../api/queries.ts';
import { KeyTable } from '../keys/key-table.tsx';
import { RotateKey } from '../keys/rotate-key.tsx';
import { AsyncView } from '../parts/async-view.tsx';
import { Notice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { EnvironmentCard } from './environment-card.tsx';
import { LayersTable } from './layers-table.tsx';
import { PolicyNav } from './policy-nav.tsx';
import { clocksOf } from './worker-clocks.tsx';

const WORKERS_EVERY_MS = 15_000;

/** What decides in each environment and how long it may still do so, the layers that it is made of, and the keys that prove it. */
export function PolicyPage() {
  const status = useQuery(policyStatusQuery);
  const overview = useQuery(policyOverviewQuery);
  const keys = useQuery(keysQuery);
  const cell = useQuery({ ...cellQuery, refetchInterval: WORKERS_EVERY_MS });
  return (
    <Page title="Policy" lead="Every call is decided by a signed bundle. No bundle, a bad signature or a stale bundle is a denial.">
      <PolicyNav />
      <Stack gap="md">
        <AsyncView query={status} what="the bundles in force" skeletonRows={4}>
          {({ items }) => (
            <AsyncView query={overview} what="the layers of policy" skeletonRows={4}>
              {({ environments, layers, opa }) => (
                <Stack gap="md">
                  {opa.available ? null : <Notice tone="wait" title="Nothing can be written here: OPA is missing">What is released goes on deciding. {opa.how_to_get_it}</Notice>}
                  {environments.map((environment) => (
                    <EnvironmentCard key={environment.environment_id} environment={environment} bundles={items.filter(({ environment_id }) => environment_id === environment.environment_id)} layers={layers} workers={clocksOf(cell.data, environment.environment_id)} />
                  ))}
                  <section className="panel" aria-label="Layers">
                    <header><Title order={2}>Layers</Title><Text size="xs" c="dimmed">The most restrictive verdict of all layers wins. Open one to read or to write it</Text></header>
                    <LayersTable layers={layers} />
                  </section>
                </Stack>
              )}
            </AsyncView>
          )}
        </AsyncView>
        <section className="panel" aria-label="Keys">
          <header><Title order={2}>Keys of bundles</Title><Group gap="sm"><Text size="xs" c="dimmed">What bundles are verified with. <Anchor component={Link} to="/keys" underline="always">All keys</Anchor></Text>{keys.data === undefined ? null : <RotateKey keys={keys.data.keys} purposes={['policy_bundle']} label="Rotate the bundle key" />}</Group></header>
          <AsyncView query={keys} what="keys" skeletonRows={3}>{({ keys: all }) => <KeyTable keys={all.filter(({ purpose }) => purpose === 'policy_bundle')} />}</AsyncView>
        </section>
      </Stack>
    </Page>
  );
}
