import { Alert, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconShieldOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';
import { keysQuery, policyQuery } from '../api/queries.ts';
import { formatDuration, remainingMs } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Countdown, TimeAgo, useNow } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty, Facts, Page } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { OUTCOME_LOOKS } from '../parts/state-look.ts';
import { KeyTable } from './key-table.tsx';

/** The bundle that decides, and how long it may still do so. */
export function PolicyPage() {
  const policy = useQuery(policyQuery);
  const keys = useQuery(keysQuery);
  const missing = policy.error instanceof ApiError && policy.error.code === 'policy_bundle_missing';
  return (
    <Page title="Policy" lead="Every call is decided by a signed bundle. No bundle, a bad signature or a stale bundle is a denial.">
      <Stack gap="md">
        {missing
          ? <div className="panel"><Empty icon={IconShieldOff} title="There is no policy bundle">Without a bundle everything is denied.</Empty></div>
          : <AsyncView query={policy} what="the policy bundle" skeletonRows={3}>{(status) => <Bundle status={status} />}</AsyncView>}
        <section className="panel" aria-label="Keys">
          <header><Title order={2}>Public keys</Title><Text size="xs" c="dimmed">What bundles, evidence and checkpoints are verified with</Text></header>
          <AsyncView query={keys} what="keys" skeletonRows={3}>{({ keys: all }) => <KeyTable keys={all} />}</AsyncView>
        </section>
      </Stack>
    </Page>
  );
}

function Bundle({ status }: { status: Schemas['PolicyStatus'] }) {
  const now_ms = useNow(1_000);
  const stale = status.stale || remainingMs(status.expires_at, now_ms) === 0;
  return (
    <>
      {stale ? (
        <Alert color="red" variant="outline" icon={<IconAlertTriangle aria-hidden />} title="The bundle is stale: every call is denied" role="alert" styles={{ root: { background: 'var(--cs-bad-soft)', borderColor: 'var(--cs-bad)' }, title: { color: 'var(--cs-bad)' }, icon: { color: 'var(--cs-bad)' } }}>
          Runs fail with <code>bundle_stale</code> until a fresh bundle is signed. The control plane signs one by itself; if it does not, look at its log.
        </Alert>
      ) : null}
      <section className="panel" aria-label="Bundle in force">
        <header>
          <Title order={2}>Bundle in force</Title>
          {stale ? <StateBadge state="stale: denies" look={OUTCOME_LOOKS.DENY} /> : <StateBadge state="fresh" look={{ ...OUTCOME_LOOKS.ALLOW, meaning: 'Signed and within its time' }} />}
        </header>
        <Facts
          facts={[
            { name: 'Scope', value: <span className="mono">{status.scope}</span> },
            { name: 'Revision', value: <CopyId id={status.revision} what="revision" /> },
            { name: 'Sequence', value: <span className="tabular">{status.seq}</span> },
            { name: 'Digest', value: <CopyId id={status.digest} what="bundle digest" /> },
            { name: 'Signed', value: <TimeAgo at={status.signed_at} /> },
            { name: 'Age', value: <span className="tabular">{formatDuration(now_ms - Date.parse(status.signed_at))}</span> },
            { name: 'Time left', value: <Countdown at={status.expires_at} over="none: it denies" /> },
          ]}
        />
      </section>
    </>
  );
}
