import { Anchor, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { policyOverviewQuery, policyReleaseQuery } from '../api/policy-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts, Page } from '../parts/page.tsx';
import { SourceDiff } from '../parts/source-diff.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { StackView } from '../policy/stack-view.tsx';
import { GateReport } from './gate-report.tsx';
import { ReleaseActions } from './release-actions.tsx';
import { MODE_LOOKS, RELEASE_LOOKS } from './release-looks.ts';

type Release = Schemas['PolicyRelease'];

/** One release: who, why, what it changed, what its gate said, and what can be done with it. */
export function ReleasePage() {
  const { releaseId = '' } = useParams();
  const query = useQuery(policyReleaseQuery(releaseId));
  if (query.data === undefined) return <Page title="Policy release" lead={<code>{releaseId}</code>}><PolicyNav /><AsyncView query={query} what="the release">{() => null}</AsyncView></Page>;
  return <Shown release={query.data} />;
}

function Shown({ release }: { release: Release }) {
  const overview = useQuery(policyOverviewQuery);
  return (
    <Page
      title={`${release.environment} #${release.number}`}
      beside={<><StateBadge state={release.state} look={RELEASE_LOOKS[release.state]} /><StateBadge state={release.mode} look={MODE_LOOKS[release.mode]} /></>}
      lead={<StackView stack={release.stack} layers={null} />}
      actions={overview.data === undefined ? null : <ReleaseActions release={release} overview={overview.data} />}
    >
      <PolicyNav />
      <Stack gap="md">
        <div className="panel"><Facts facts={factsOf(release)} /></div>
        {release.gate === null ? null : <GateReport gate={release.gate} replayId={release.replay_id} />}
        <section className="panel" aria-label="What it changed">
          <header><Title order={2}>What it changed</Title><Text size="xs" c="dimmed">Files of all layers, against what was in force before</Text></header>
          {release.diff.length === 0 ? <Text size="sm" p="md">No file differs from what was in force before.</Text> : release.diff.map(({ path, before, after }) => (
            <section key={path} aria-label={path}>
              <Text size="sm" px="md" pt="sm" pb={4}><code>{path}</code> <Text span c="dimmed" inherit>{before === null ? 'added' : after === null ? 'removed' : 'changed'}</Text></Text>
              <SourceDiff before={before ?? ''} after={after ?? ''} language={path.endsWith('.json') ? 'json' : 'rego'} />
            </section>
          ))}
        </section>
      </Stack>
    </Page>
  );
}

function factsOf(release: Release): Parameters<typeof Facts>[0]['facts'] {
  const { bundle } = release;
  return [
    { name: 'Why', value: <span style={{ whiteSpace: 'pre-wrap' }}>{release.reason}</span> },
    { name: 'Kind', value: release.kind === 'release' && release.layer !== null ? `version ${release.version} of one layer` : release.kind },
    { name: 'Asked for by', value: <CopyId id={release.requested_by} what="who asked for it" /> },
    { name: 'Asked for', value: <TimeAgo at={release.requested_at} /> },
    ...(release.released_at === null ? [] : [{ name: 'Released', value: <TimeAgo at={release.released_at} /> }]),
    ...(release.from_release_id === null ? [] : [{ name: 'With the versions of', value: <Anchor component={Link} to={`/policy/releases/${release.from_release_id}`}>another release</Anchor> }]),
    ...(release.overridden_by === null ? [] : [{ name: 'Gate overridden by', value: <><CopyId id={release.overridden_by} what="who overrode the gate" /> “{release.override_reason}”</> }]),
    ...(release.ended_at === null ? [] : [{ name: 'Ended', value: <><TimeAgo at={release.ended_at} />{release.withdraw_reason === null ? null : <> “{release.withdraw_reason}”</>}</> }]),
    ...(bundle === null ? [] : [
      { name: 'First bundle', value: <>sequence <span className="tabular">{bundle.seq}</span>, <CopyId id={bundle.digest} what="bundle digest" /></> },
      { name: 'Revision', value: <CopyId id={bundle.revision} what="revision" /> },
    ]),
    { name: 'Digest of the stack', value: <CopyId id={release.stack_digest} what="stack digest" /> },
    { name: 'Release', value: <CopyId id={release.id} what="release id" /> },
  ];
}
