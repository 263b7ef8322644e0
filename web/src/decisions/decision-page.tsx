import { Anchor, Button, Stack, Text, Title } from '@mantine/core';
import { IconFlask } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { decisionQuery } from '../api/decision-queries.ts';
import type { Schemas } from '../api/client.ts';
import { formatDuration, formatMicros, formatUtc } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts, Page } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { OUTCOME_LOOKS } from '../parts/state-look.ts';
import { AskedInput } from './asked-input.tsx';
import { Explanation } from './explanation.tsx';
import { ObligationFacts } from './obligation-facts.tsx';
import { adjustedInWords } from './obligations.ts';
import { ShadowPanel } from './shadow-panel.tsx';

type Decision = Schemas['DecisionRecord'];

/** One decision: what was decided and why, line by line; what policy was asked; what a shadow would have decided. */
export function DecisionPage() {
  const { decisionId = '' } = useParams();
  const query = useQuery(decisionQuery(decisionId));
  if (query.data === undefined) return <Page title="Decision" lead={<code>{decisionId}</code>}><AsyncView query={query} what="the decision" skeletonRows={9}>{() => null}</AsyncView></Page>;
  const decision = query.data;
  return (
    <Page
      title={decision.action}
      beside={<StateBadge state={decision.outcome} look={OUTCOME_LOOKS[decision.outcome]} />}
      lead={<>{decision.workflow === null ? null : `${decision.workflow} in `}{decision.environment}, decided {formatUtc(decision.decided_at)} in {formatMicros(decision.evaluated_us)}</>}
      actions={<Button component={Link} to={`/policy/simulate?decision=${decision.id}`} variant="default" leftSection={<IconFlask size={16} aria-hidden />}>Ask another policy</Button>}
    >
      <Stack gap="md">
        <div className="panel"><Facts facts={factsOf(decision)} /></div>
        <section className="panel" aria-label="Why">
          <header><Title order={2}>Why</Title><Text size="xs" c="dimmed">The rules that decided, as they are written in the bundle</Text></header>
          <Explanation explain={decision.explain} />
        </section>
        <ObligationFacts obligations={decision.obligations} />
        {decision.shadows.map((shadow) => <ShadowPanel key={`${shadow.source} ${shadow.outcome}`} binding={decision} shadow={shadow} />)}
        <AskedInput decision={decision} />
        <BundleFacts decision={decision} />
      </Stack>
    </Page>
  );
}

function factsOf(decision: Decision): Parameters<typeof Facts>[0]['facts'] {
  const adjusted = adjustedInWords(decision.adjusted);
  return [
    { name: 'Run', value: <Anchor component={Link} to={`/runs/${decision.run_id}#${decision.step_id}`}>See the step in its run</Anchor> },
    { name: 'Run id', value: <CopyId id={decision.run_id} what="run id" /> },
    { name: 'Step', value: <CopyId id={decision.step_id} what="step id" /> },
    { name: 'Decision', value: <CopyId id={decision.id} what="decision id" /> },
    ...(adjusted === null ? [] : [{ name: 'Before it was decided', value: adjusted }]),
    ...(decision.principal_id === null ? [] : [{ name: 'On behalf of', value: <CopyId id={decision.principal_id} what="principal" /> }]),
    ...(decision.approval_id === null ? [] : [{ name: 'With the approval', value: <Anchor component={Link} to={`/approvals?selected=${decision.approval_id}`}>See the approval</Anchor> }]),
    ...(decision.routed_from === null ? [] : [{ name: 'Sent here by', value: <Anchor component={Link} to={`/decisions/${decision.routed_from}`}>the decision before</Anchor> }]),
    ...(decision.instance_id === null ? [] : [{ name: 'Instance', value: <CopyId id={decision.instance_id} what="instance id" /> }]),
    { name: 'Action digest', value: <CopyId id={decision.action_digest} what="action digest" /> },
  ];
}

function BundleFacts({ decision: { bundle, path, outcome } }: { decision: Decision }) {
  return (
    <section className="panel" aria-label="Bundle">
      <header><Title order={2}>The bundle that decided</Title></header>
      {bundle === null ? <Text size="sm" p="md">None: {outcome === 'DENY' ? 'the decision point denied by itself.' : 'it was not recorded.'}</Text> : (
        <Facts
          facts={[
            { name: 'Revision', value: <CopyId id={bundle.revision} what="revision" /> },
            { name: 'Sequence', value: <span className="tabular">{bundle.seq}</span> },
            { name: 'Digest', value: <CopyId id={bundle.digest} what="bundle digest" /> },
            { name: 'Age when it decided', value: formatDuration(bundle.age_ms) },
            ...(bundle.expires_at === null ? [] : [{ name: 'Would have decided until', value: formatUtc(bundle.expires_at) }]),
            ...(path === null ? [] : [{ name: 'Entrypoint', value: <code>{path}</code> }]),
          ]}
        />
      )}
    </section>
  );
}
