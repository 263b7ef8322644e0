import { Anchor, Group, NativeSelect, Stack, Table, Text } from '@mantine/core';
import { IconRocketOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { policyOverviewQuery, policyReleasesQuery, type ReleaseFilter } from '../api/policy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { StackView } from '../policy/stack-view.tsx';
import { allOf, mayCall } from '../states/role-permission.ts';
import { MODE_LOOKS, RELEASE_LOOKS } from './release-looks.ts';
import { ReleaseModal } from './release-modal.tsx';
import { environmentAfter, mayPromote, type Environment } from './release-wish.ts';

const COLUMNS = ['Release', 'State', 'Mode', 'What', 'Why', 'Who', 'When'];

/** What was put in force where: who, when and why. The address holds which environment and mode. */
export function ReleasesPage() {
  const [search, setSearch] = useSearchParams();
  const overview = useQuery(policyOverviewQuery);
  const filter: ReleaseFilter = { environmentId: search.get('environment') ?? '', mode: modeOf(search.get('mode')), cursor: search.get('cursor') };
  const releases = useQuery(policyReleasesQuery(filter));
  const change = (next: Partial<ReleaseFilter>): void => {
    const { environmentId, mode: wanted, cursor } = { ...filter, cursor: null, ...next };
    setSearch({ ...(environmentId === '' ? {} : { environment: environmentId }), ...(wanted === '' ? {} : { mode: wanted }), ...(cursor === null ? {} : { cursor }) }, { replace: next.cursor === undefined });
  };
  const environments = overview.data?.environments ?? [];
  return (
    <Page title="Policy releases" lead="What was put in force where. Going back is a release too, under a higher sequence." actions={overview.data === undefined ? null : <Promotions overview={overview.data} />}>
      <PolicyNav />
      <Stack gap="sm">
        <Group gap="sm" role="search" aria-label="Filter the releases">
          <NativeSelect aria-label="Environment" value={filter.environmentId} onChange={(event) => change({ environmentId: event.currentTarget.value })} data={[{ value: '', label: 'Every environment' }, ...environments.map((one) => ({ value: one.environment_id, label: one.environment }))]} />
          <NativeSelect aria-label="Mode" value={filter.mode} onChange={(event) => change({ mode: modeOf(event.currentTarget.value) })} data={[{ value: '', label: 'Enforce and shadow' }, { value: 'enforce', label: 'Enforce' }, { value: 'shadow', label: 'Shadow' }]} />
        </Group>
        <AsyncView query={releases} what="releases" skeletonRows={8}>
          {({ items, next_cursor }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconRocketOff} title="Nothing was released here">What is shipped is in force. Write a layer, publish a version of it, and release it: <Anchor component={Link} to="/policy" underline="always">the layers</Anchor>.</Empty></div>
            : <Stack gap="sm"><ReleaseTable releases={items} /><Pager atStart={filter.cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'release')} onPage={(cursor) => change({ cursor })} /></Stack>)}
        </AsyncView>
      </Stack>
    </Page>
  );
}

function modeOf(text: string | null): ReleaseFilter['mode'] {
  return text === 'enforce' || text === 'shadow' ? text : '';
}

/** One button per environment that has one before it. */
function Promotions({ overview }: { overview: Schemas['PolicyOverview'] }) {
  const { data: me } = useQuery(meQuery);
  const [promoting, setPromoting] = useState<Environment | null>(null);
  const targets = overview.environments.flatMap((environment) => environmentAfter(environment, overview.environments) ?? []);
  return (
    <>
      {targets.map((environment) => (
        <ReasonButton key={environment.environment_id} variant="default" permission={allOf(mayCall('createPolicyRelease', me, 'Promoting'), mayPromote(environment, overview.environments))} onClick={() => setPromoting(environment)}>Promote to {environment.environment}</ReasonButton>
      ))}
      {promoting === null ? null : <ReleaseModal overview={overview} wish={{ kind: 'promote', environment: promoting }} onClose={() => setPromoting(null)} />}
    </>
  );
}

function ReleaseTable({ releases }: { releases: ReadonlyArray<Schemas['PolicyReleaseSummary']> }) {
  return (
    <div className="panel table-panel" tabIndex={0} role="region" aria-label="Releases">
      <Table>
        <Table.Thead><Table.Tr>{COLUMNS.map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {releases.map((release) => (
            <Table.Tr key={release.id}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}><Anchor component={Link} to={`/policy/releases/${release.id}`} fw={550}>{release.environment} #{release.number}</Anchor></Table.Td>
              <Table.Td><StateBadge state={release.state} look={RELEASE_LOOKS[release.state]} /></Table.Td>
              <Table.Td><StateBadge state={release.mode} look={MODE_LOOKS[release.mode]} /></Table.Td>
              <Table.Td><Text size="sm">{release.kind}</Text><Text size="xs" c="dimmed"><StackView stack={release.stack} layers={null} /></Text></Table.Td>
              <Table.Td style={{ maxWidth: 320 }}><Text size="sm" lineClamp={2}>{release.reason}</Text></Table.Td>
              <Table.Td><CopyId id={release.requested_by} what="who asked for it" /></Table.Td>
              <Table.Td><TimeAgo at={release.released_at ?? release.requested_at} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
