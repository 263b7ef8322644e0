import { Anchor, NativeSelect, Progress, Stack, Table, Text } from '@mantine/core';
import { IconHistoryToggle, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { replaysQuery } from '../api/decision-queries.ts';
import { policyOverviewQuery } from '../api/policy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { ENVIRONMENTS, environmentIn } from '../decisions/decision-filter.ts';
import { countOf } from '../format/count.ts';
import { formatUtc } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { describeReference } from '../policy/policy-reference.ts';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { mayCall } from '../states/role-permission.ts';
import { REPLAY_LOOKS } from './replay-looks.ts';
import { StartModal } from './start-modal.tsx';

const COLUMNS = ['Replay', 'State', 'Policy', 'Over', 'Decisions', 'Changed', 'Runs denied', 'Further approvals'];

/** What policies would have changed, asked over the recorded history. The address can hold what a new one is of. */
export function ReplaysPage() {
  const [search, setSearch] = useSearchParams();
  const environment = environmentIn(search);
  const cursor = search.get('cursor');
  const query = useQuery(replaysQuery(environment, cursor));
  const overview = useQuery(policyOverviewQuery);
  const { data: me } = useQuery(meQuery);
  const against = search.get('against');
  const go = (next: Record<string, string>): void => setSearch({ ...(environment === '' ? {} : { environment }), ...next }, { replace: next['cursor'] === undefined });
  const permission = mayCall('startPolicyReplay', me, 'Starting a replay');
  return (
    <Page
      title="Impact replay"
      lead="A policy is asked every question that was asked in a period; the report says what would have changed, for whom, and what it would cost."
      actions={<ReasonButton permission={permission} leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => go({ against: '' })}>Start a replay</ReasonButton>}
    >
      <PolicyNav />
      <Stack gap="sm">
        <NativeSelect aria-label="Environment" w={200} value={environment} onChange={(event) => setSearch(event.currentTarget.value === '' ? {} : { environment: event.currentTarget.value }, { replace: true })} data={[{ value: '', label: 'Every environment' }, ...ENVIRONMENTS]} />
        <AsyncView query={query} what="replays" skeletonRows={6}>
          {({ items, next_cursor }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconHistoryToggle} title="Nothing was replayed yet">Start one with a draft, before it is published and released.</Empty></div>
            : <Stack gap="sm"><ReplayTable replays={items} overview={overview.data} /><Pager atStart={cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'replay')} onPage={(next) => go(next === null ? {} : { cursor: next })} /></Stack>)}
        </AsyncView>
      </Stack>
      {against === null || overview.data === undefined || !permission.allowed ? null : <StartModal overview={overview.data} against={against} onClose={() => go({})} />}
    </Page>
  );
}

function ReplayTable({ replays, overview }: { replays: ReadonlyArray<Schemas['PolicyReplay']>; overview: Schemas['PolicyOverview'] | undefined }) {
  return (
    <div className="panel table-panel" tabIndex={0} role="region" aria-label="Replays">
      <Table>
        <Table.Thead><Table.Tr>{COLUMNS.map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {replays.map((replay) => (
            <Table.Tr key={replay.id}>
              <Table.Td><Anchor component={Link} to={`/policy/replays/${replay.id}`} fw={550}><TimeAgo at={replay.requested_at} /></Anchor></Table.Td>
              <Table.Td>
                <StateBadge state={replay.state} look={REPLAY_LOOKS[replay.state]} />
                {replay.state === 'running' ? <Progress mt={6} size="sm" value={replay.progress * 100} aria-label="Progress of the replay" /> : null}
              </Table.Td>
              <Table.Td>{describeReference(replay.against, overview)}</Table.Td>
              <Table.Td><div>{replay.environment}</div><Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{formatUtc(replay.from).slice(0, 16)} to {formatUtc(replay.to).slice(0, 16)}</Text></Table.Td>
              <Table.Td className="tabular">{replay.report?.figures.replayed ?? replay.total ?? ''}</Table.Td>
              <Table.Td className="tabular">{replay.report?.figures.changed}</Table.Td>
              <Table.Td className="tabular">{replay.report?.figures.newly_denied_runs}</Table.Td>
              <Table.Td className="tabular">{replay.report?.figures.extra_approvals}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
