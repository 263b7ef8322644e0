import { NativeSelect, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearchParams } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { workflowsQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { VersionView } from './version-view.tsx';

/** One workflow: a version's source and graph, or what changed from another version. The address holds which. */
export function WorkflowPage() {
  const { workflowId = '' } = useParams();
  const query = useQuery(workflowsQuery);
  const workflow = query.data?.items.find(({ id }) => id === workflowId);
  if (workflow !== undefined) return <Versions workflow={workflow} />;
  return <Page title="Workflow" lead={<code>{workflowId}</code>}><AsyncView query={query} what="the workflow">{() => <p>There is no workflow with this id in your workspace.</p>}</AsyncView></Page>;
}

function Versions({ workflow }: { workflow: Schemas['Workflow'] }) {
  const [search, setSearch] = useSearchParams();
  const version = versionIn(search.get('version'), workflow.latest_version) ?? workflow.latest_version;
  const compared = versionIn(search.get('compare'), workflow.latest_version);
  const versions = Array.from({ length: workflow.latest_version }, (_, place) => workflow.latest_version - place);
  const go = (next: number, compare: number | null): void => setSearch({ version: String(next), ...(compare === null ? {} : { compare: String(compare) }) }, { replace: true });
  return (
    <Page
      title={workflow.name}
      lead={workflow.activations.map(({ environment, version: active, enabled }) => `${environment} runs version ${active}${enabled ? '' : ' (switched off)'}`).join('; ') || 'Active nowhere'}
      actions={
        <>
          <NativeSelect aria-label="Version" value={version} data={versions.map((number) => ({ value: String(number), label: `Version ${number}` }))} onChange={(event) => go(Number(event.currentTarget.value), null)} />
          {versions.length < 2 ? null : (
            <NativeSelect
              aria-label="Compare with"
              value={compared ?? ''}
              data={[{ value: '', label: 'Compare with' }, ...versions.filter((number) => number !== version).map((number) => ({ value: String(number), label: `Version ${number}` }))]}
              onChange={(event) => go(version, event.currentTarget.value === '' ? null : Number(event.currentTarget.value))}
            />
          )}
        </>
      }
    >
      <Stack><VersionView workflowId={workflow.id} version={version} compared={compared === version ? null : compared} /></Stack>
    </Page>
  );
}

function versionIn(text: string | null, latest: number): number | null {
  const number = Number(text);
  return text !== null && Number.isInteger(number) && number >= 1 && number <= latest ? number : null;
}
