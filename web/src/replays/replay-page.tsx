import { Anchor, Progress, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { replayQuery } from '../api/decision-queries.ts';
import { policyOverviewQuery } from '../api/policy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { formatUtc } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Elapsed } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { toastProblem } from '../parts/toast.tsx';
import { describeReference } from '../policy/policy-reference.ts';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { given, mayCall, allOf } from '../states/role-permission.ts';
import { REPLAY_LOOKS } from './replay-looks.ts';
import { ReleaseWithReplay } from './release-with-replay.tsx';
import { ReplayReport } from './replay-report.tsx';

type Replay = Schemas['PolicyReplay'];

/** One impact replay: how far it is, what it found, and the way to release what it was of. */
export function ReplayPage() {
  const { replayId = '' } = useParams();
  const query = useQuery(replayQuery(replayId));
  const overview = useQuery(policyOverviewQuery);
  if (query.data === undefined) return <Page title="Impact replay" lead={<code>{replayId}</code>}><PolicyNav /><AsyncView query={query} what="the replay">{() => null}</AsyncView></Page>;
  const replay = query.data;
  return (
    <Page
      title="Impact replay"
      beside={<StateBadge state={replay.state} look={REPLAY_LOOKS[replay.state]} />}
      lead={<>{describeReference(replay.against, overview.data)}, asked what was asked in {replay.environment} from {formatUtc(replay.from)} to {formatUtc(replay.to)}</>}
      actions={<><Cancel replay={replay} />{overview.data === undefined ? null : <ReleaseWithReplay replay={replay} overview={overview.data} />}</>}
    >
      <PolicyNav />
      <Stack gap="md">
        {replay.error === null ? null : <Notice tone="bad" title="The replay could not be done"><code>{replay.error.code}</code> {replay.error.message}</Notice>}
        {replay.state === 'running' || replay.state === 'queued' ? <Running replay={replay} /> : null}
        <div className="panel"><Facts facts={factsOf(replay)} /></div>
        {replay.report === null ? null : <ReplayReport report={replay.report} />}
      </Stack>
    </Page>
  );
}

function Running({ replay }: { replay: Replay }) {
  const share = Math.round(replay.progress * 100);
  return (
    <section className="panel" aria-label="Progress" style={{ padding: 16 }}>
      <Title order={2}>{replay.state === 'queued' ? 'Waits for its turn' : `${share} % done`}</Title>
      <Progress mt="sm" value={share} aria-label="Progress of the replay" />
      <Text size="sm" c="dimmed" mt="xs" role="status" className="tabular">{replay.total === null ? 'The decisions of the period are being counted.' : `${replay.done} of ${replay.total} decisions asked again.`}</Text>
    </section>
  );
}

function Cancel({ replay }: { replay: Replay }) {
  const { data: me } = useQuery(meQuery);
  const queryClient = useQueryClient();
  const cancellation = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/policy-replays/{replay_id}/cancel', { params: { path: { replay_id: replay.id } } })),
    onError: toastProblem,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['policy', 'replay', replay.id] }),
  });
  const ended = !['queued', 'running'].includes(replay.state);
  return <ReasonButton variant="default" loading={cancellation.isPending} permission={allOf(given(!ended, `It has ended: it ${replay.state}.`), mayCall('cancelPolicyReplay', me, 'Stopping a replay'))} onClick={() => cancellation.mutate()}>Stop</ReasonButton>;
}

function factsOf(replay: Replay): Parameters<typeof Facts>[0]['facts'] {
  const { draft_id, release_id } = replay.against;
  return [
    ...(replay.reason === null ? [] : [{ name: 'Why', value: replay.reason }]),
    ...(release_id === undefined ? [] : [{ name: 'Release', value: <Anchor component={Link} to={`/policy/releases/${release_id}`}>See it</Anchor> }]),
    ...(draft_id === undefined ? [] : [{ name: 'Draft', value: <CopyId id={draft_id} what="draft id" /> }]),
    { name: 'Asked for by', value: <CopyId id={replay.requested_by} what="who asked for it" /> },
    { name: 'Duration', value: <Elapsed from={replay.started_at} to={replay.finished_at} /> },
    ...(replay.stack_digest === null ? [] : [{ name: 'Digest of the stack', value: <CopyId id={replay.stack_digest} what="stack digest" /> }]),
    ...(replay.revision === null ? [] : [{ name: 'Revision', value: <CopyId id={replay.revision} what="revision" /> }]),
    { name: 'Replay', value: <CopyId id={replay.id} what="replay id" /> },
  ];
}
