import { Stack, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useParams, useSearchParams } from 'react-router';
import type { Run } from '../api/client.ts';
import { runQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { PAUSED_LOOK, RUN_LOOKS } from '../parts/state-look.ts';
import { isPaused } from '../states/run-actions.ts';
import { EvidenceTab } from './evidence-tab.tsx';
import { GraphTab } from './graph-tab.tsx';
import { JsonTab } from './json-tab.tsx';
import { RunActions } from './run-actions.tsx';
import { RunAuditTab } from './run-audit-tab.tsx';
import { RunFacts } from './run-facts.tsx';
import { StoryTab } from './story-tab.tsx';
import { TimelineTab } from './timeline-tab.tsx';

const TABS = [
  { value: 'story', label: 'Story', Panel: StoryTab },
  { value: 'timeline', label: 'Timeline', Panel: TimelineTab },
  { value: 'graph', label: 'Graph', Panel: GraphTab },
  { value: 'evidence', label: 'Evidence', Panel: EvidenceTab },
  { value: 'audit', label: 'Audit', Panel: RunAuditTab },
  { value: 'json', label: 'JSON', Panel: JsonTab },
];

export function RunPage() {
  const { runId = '' } = useParams();
  const query = useQuery(runQuery(runId));
  if (query.data === undefined) {
    return <Page title="Run" lead={<code>{runId}</code>}><AsyncView query={query} what="the run">{() => null}</AsyncView></Page>;
  }
  return <RunView run={query.data} stale={query.isError ? <AsyncView query={query} what="the run">{() => null}</AsyncView> : null} />;
}

function RunView({ run, stale }: { run: Run; stale: ReactNode }) {
  const [search, setSearch] = useSearchParams();
  const tab = TABS.find(({ value }) => value === search.get('tab'))?.value ?? 'story';
  return (
    <Page
      title={run.subject_label ?? run.subject ?? run.workflow_name}
      beside={<><StateBadge state={run.state} look={RUN_LOOKS[run.state]} />{isPaused(run) ? <StateBadge state="paused" look={PAUSED_LOOK} /> : null}</>}
      lead={`${run.workflow_name}, version ${run.workflow_version}, in ${run.environment}`}
      actions={<RunActions run={run} />}
    >
      <Stack gap="md">
        {stale}
        <RunFacts run={run} />
        <Tabs value={tab} onChange={(value) => setSearch(value === null || value === 'story' ? {} : { tab: value }, { replace: true })} keepMounted={false}>
          <Tabs.List mb="md">
            {TABS.map(({ value, label }) => <Tabs.Tab key={value} value={value}>{label}</Tabs.Tab>)}
          </Tabs.List>
          {TABS.map(({ value, Panel }) => <Tabs.Panel key={value} value={value}><Panel run={run} /></Tabs.Panel>)}
        </Tabs>
      </Stack>
    </Page>
  );
}
