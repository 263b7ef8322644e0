import { Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Schemas } from '../api/client.ts';
import { workflowVersionQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CodeView } from '../parts/code-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { SourceDiff } from '../parts/source-diff.tsx';
import { StepGraph } from '../parts/step-graph.tsx';
import { stepsOfSource } from './step-needs.ts';

export function VersionView({ workflowId, version, compared }: { workflowId: string; version: number; compared: number | null }) {
  const query = useQuery(workflowVersionQuery(workflowId, version));
  return <AsyncView query={query} what="the version">{(shown) => <Version shown={shown} compared={compared} />}</AsyncView>;
}

function Version({ shown, compared }: { shown: Schemas['WorkflowVersion']; compared: number | null }) {
  const steps = useMemo(() => stepsOfSource(shown.source), [shown.source]);
  return (
    <Stack gap="md">
      <div className="panel">
        <Facts
          facts={[
            { name: 'Version', value: shown.version },
            { name: 'SHA-256 of the source', value: <CopyId id={shown.digest} what="digest" /> },
            { name: 'Published', value: <TimeAgo at={shown.published_at} /> },
            { name: 'By', value: <CopyId id={shown.published_by} what="publisher" /> },
          ]}
        />
      </div>
      {steps.length === 0 ? null : (
        <section className="panel" aria-label="Graph"><header><Title order={2}>Graph</Title></header><StepGraph steps={steps} height={220} /></section>
      )}
      <section className="panel" aria-label="Source">
        <header><Title order={2}>{compared === null ? 'Source' : `What changed from version ${compared}`}</Title></header>
        {compared === null ? <CodeView text={shown.source} language="yaml" label="The workflow's source in YAML" /> : <Compared shown={shown} compared={compared} />}
      </section>
    </Stack>
  );
}

function Compared({ shown, compared }: { shown: Schemas['WorkflowVersion']; compared: number }) {
  const query = useQuery(workflowVersionQuery(shown.workflow_id, compared));
  return <AsyncView query={query} what="the other version">{(other) => <SourceDiff before={other.source} after={shown.source} language="yaml" />}</AsyncView>;
}
