import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams, useSearchParams } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { policyDraftQuery, policyOverviewQuery, policyVersionQuery } from '../api/policy-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { copyOf, starterCopy, type Layer, type Opened } from './policy-layer.ts';
import { Workbench } from './workbench.tsx';

/** One layer to read and to write. The address names the draft or the version that the editor was opened with. */
export function LayerPage() {
  const { layer: id = '' } = useParams();
  const overview = useQuery(policyOverviewQuery);
  const layer = overview.data?.layers.find((one) => one.layer === id);
  if (overview.data !== undefined && layer !== undefined) return <OneLayer key={id} layer={layer} overview={overview.data} />;
  return (
    <Page title="Policy layer" lead={<code>{id}</code>}>
      <PolicyNav />
      <AsyncView query={overview} what="the layers">{() => <p>There is no layer with this id in your workspace.</p>}</AsyncView>
    </Page>
  );
}

function OneLayer({ layer, overview }: { layer: Layer; overview: Schemas['PolicyOverview'] }) {
  const [search, setSearch] = useSearchParams();
  // Read once: a check changes the address to its draft, and what is written goes on.
  const [opened, setOpened] = useState<Opened>(() => ({ draftId: search.get('draft'), version: Number(search.get('version')) || null }));
  const open = (next: Opened): void => {
    setOpened(next);
    setSearch(next.draftId !== null ? { draft: next.draftId } : next.version !== null ? { version: String(next.version) } : {}, { replace: true });
  };
  const version = opened.version ?? layer.newest?.version ?? null;
  const shared = { layer, overview, onOpen: open, onChecked: (draftId: string) => setSearch({ draft: draftId }, { replace: true }) };
  const start = <FromVersion key={`version ${version}`} {...shared} version={version} />;
  return (
    <Page title={`Policy of ${layer.kind} ${layer.name}`} lead={LEADS[layer.kind]}>
      <PolicyNav />
      {opened.draftId === null ? start : <FromDraft key={opened.draftId} {...shared} draftId={opened.draftId} />}
    </Page>
  );
}

const LEADS = {
  tenant: 'Over the packs, for every workspace. It may grant, and it may tighten.',
  workspace: 'Over the tenant’s layer, for this workspace. It can only tighten.',
  environment: 'The innermost layer, for this environment alone. It can only tighten.',
};

type Shared = Pick<Parameters<typeof Workbench>[0], 'layer' | 'overview' | 'onOpen' | 'onChecked'>;

function FromDraft({ draftId, ...shared }: Shared & { draftId: string }) {
  const query = useQuery(policyDraftQuery(draftId));
  return <AsyncView query={query} what="the draft" skeletonRows={9}>{(draft) => <Workbench {...shared} start={{ copy: copyOf(draft, shared.layer, shared.overview.default_packs), draft, version: null }} />}</AsyncView>;
}

function FromVersion({ version, ...shared }: Shared & { version: number | null }) {
  if (version === null) return <Workbench {...shared} start={{ copy: starterCopy(shared.layer, shared.overview.default_packs), draft: null, version: null }} />;
  return <StoredVersion {...shared} version={version} />;
}

function StoredVersion({ version, ...shared }: Shared & { version: number }) {
  const query = useQuery(policyVersionQuery(shared.layer.layer, version));
  return <AsyncView query={query} what="the version" skeletonRows={9}>{(source) => <Workbench {...shared} start={{ copy: copyOf(source, shared.layer, shared.overview.default_packs), draft: null, version }} />}</AsyncView>;
}
