import { Anchor, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { remainingMs } from '../format/time.ts';
import { TimeAgo, useNow } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { OUTCOME_LOOKS } from '../parts/state-look.ts';
import { mayCall } from '../states/role-permission.ts';
import { FreshnessClock } from './freshness-clock.tsx';
import { gateInWords } from './gate-form.ts';
import { GateModal } from './gate-modal.tsx';
import { StackView } from './stack-view.tsx';
import { WorkerClocks, type WorkerClock } from './worker-clocks.tsx';
import classes from './policy.module.css';

type Overview = Schemas['PolicyOverview'];

interface Props {
  environment: Overview['environments'][number];
  /** The environment's bundles; none: nothing decides there. */
  bundles: readonly Schemas['PolicyStatus'][];
  layers: Overview['layers'];
  workers: readonly WorkerClock[];
}

/** What decides in one environment: the bundle in force with its clock, the one in shadow beside it, and what waits for an override. */
export function EnvironmentCard({ environment, bundles, layers, workers }: Props) {
  const { data: me } = useQuery(meQuery);
  const [gating, setGating] = useState(false);
  const now_ms = useNow(1_000);
  const force = bundles.find(({ mode }) => mode === 'enforce');
  const shadow = bundles.find(({ mode }) => mode === 'shadow' && environment.shadow !== null);
  const stale = force === undefined || force.stale || remainingMs(force.expires_at, now_ms) === 0;
  return (
    <section className="panel" aria-label={`Environment ${environment.environment}`}>
      <header>
        <Title order={2}>{environment.environment}</Title>
        <Group gap="xs">
          <Text size="xs" c="dimmed">{gateInWords(environment.gate)}</Text>
          <ReasonButton size="xs" variant="default" permission={mayCall('putPolicyGate', me, 'Setting a gate')} onClick={() => setGating(true)}>Gate</ReasonButton>
          {force === undefined ? <StateBadge state="no bundle: denies" look={OUTCOME_LOOKS.DENY} />
            : stale ? <StateBadge state="stale: denies" look={OUTCOME_LOOKS.DENY} />
            : <StateBadge state="in force" look={{ ...OUTCOME_LOOKS.ALLOW, meaning: 'Signed and within its time' }} />}
        </Group>
      </header>
      {force === undefined || !stale ? null : (
        <div style={{ padding: '12px 16px 4px' }} role="alert">
          <Notice tone="bad" title="The bundle is stale: every call is denied">Runs fail with <code>bundle_stale</code> until a fresh bundle is signed. The control plane signs one by itself; if it does not, look at its log.</Notice>
        </div>
      )}
      {force === undefined
        ? <Text size="sm" p="md">There is no bundle for this environment yet: everything is denied until the control plane has signed one.</Text>
        : <InForce status={force} layers={layersOf(layers, environment)} />}
      {shadow === undefined ? null : <InForce status={shadow} layers={layersOf(layers, environment)} />}
      {workers.length === 0 ? null : <WorkerClocks clocks={workers} newestSeq={force?.seq ?? null} environment={environment.environment} />}
      {environment.blocked.map((release) => (
        <div key={release.id} style={{ padding: '12px 16px 14px' }}>
          <Notice tone="wait" title={`Release #${release.number} is held back by the gate`}>
            “{release.reason}”. <Anchor underline="always" component={Link} to={`/policy/releases/${release.id}`}>See what exceeded, and release it all the same or give it up</Anchor>.
          </Notice>
        </div>
      ))}
      {gating ? <GateModal environmentId={environment.environment_id} environment={environment.environment} onClose={() => setGating(false)} /> : null}
    </section>
  );
}

function InForce({ status, layers }: { status: Schemas['PolicyStatus']; layers: Parameters<typeof StackView>[0]['layers'] }) {
  const isShadow = status.mode === 'shadow';
  return (
    <div className={classes.force}>
      <div>
        {isShadow ? <Text size="xs" c="dimmed" mb={4}>Shadow: decides beside, never binds</Text> : null}
        <FreshnessClock signedAt={status.signed_at} expiresAt={status.expires_at} label={`Freshness of the ${isShadow ? 'shadow bundle' : 'bundle'} of ${status.environment}`} />
      </div>
      <div>
        <Facts
          facts={[
            { name: isShadow ? 'Shadow release' : 'Release', value: status.release === null ? 'as shipped' : <Anchor component={Link} to={`/policy/releases/${status.release.id}`}>#{status.release.number}</Anchor> },
            { name: 'Sequence', value: <span className="tabular">{status.seq}</span> },
            { name: 'Revision', value: <CopyId id={status.revision} what="revision" /> },
            { name: 'Digest', value: <CopyId id={status.digest} what="bundle digest" /> },
            { name: 'Signed', value: <TimeAgo at={status.signed_at} /> },
            ...(isShadow ? [{ name: 'Differences', value: <Anchor component={Link} to={`/policy/shadow?environment=${encodeURIComponent(status.environment_id)}`}>Is it ready?</Anchor> }] : []),
          ]}
        />
        <Text size="sm" px={16} pb={8}><StackView stack={status.layers} layers={layers} /></Text>
      </div>
    </div>
  );
}

function layersOf(layers: Overview['layers'], environment: Overview['environments'][number]): { tenant: string; workspace: string; environment: string } | null {
  const tenant = layers.find(({ kind }) => kind === 'tenant');
  const workspace = layers.find(({ kind }) => kind === 'workspace');
  return tenant === undefined || workspace === undefined ? null : { tenant: tenant.layer, workspace: workspace.layer, environment: environment.environment_id };
}
