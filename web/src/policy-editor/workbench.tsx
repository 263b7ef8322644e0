import { Anchor, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { IconAlignLeft, IconPlayerPlay, IconRocket, IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { policyVersionQuery } from '../api/policy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { Notice } from '../parts/notice.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReleaseModal } from '../policy-releases/release-modal.tsx';
import { mayCall } from '../states/role-permission.ts';
import { reportOfLayer, summaryOf } from './check-report.ts';
import { LayerEditor } from './layer-editor.tsx';
import { OpenSelect } from './open-select.tsx';
import { copyOf, emptyCopy, environmentsOf, versionInForce, type Layer, type Opened } from './policy-layer.ts';
import { PublishModal } from './publish-modal.tsx';
import { UnsavedGuard } from './unsaved-guard.tsx';
import { useCheck, type Checked } from './use-check.ts';
import { mayCheck, mayFormat, mayPublish, mayRelease } from './workbench-permissions.ts';
import { changesFrom, type WorkingCopy } from './working-copy.ts';

interface Props {
  layer: Layer;
  overview: Schemas['PolicyOverview'];
  /** What is written on: a draft, a version, or a rule to begin with. */
  start: { copy: WorkingCopy; draft: Schemas['PolicyDraft'] | null; version: number | null };
  onOpen: (opened: Opened) => void;
  onChecked: (draftId: string) => void;
}

/** Write, check, publish, release: each step says why it cannot be taken yet. */
export function Workbench({ layer, overview, start, onOpen, onChecked }: Props) {
  const { data: me } = useQuery(meQuery);
  const environments = environmentsOf(layer, overview.environments);
  const [copy, setCopy] = useState(start.copy);
  const [checked, setChecked] = useState<Checked | null>(start.draft === null ? null : { copy: start.copy, report: reportOfLayer(start.draft.report, layer.kind), draft: start.draft });
  const [environmentId, setEnvironmentId] = useState(start.draft?.environment_id ?? environments[0]?.environment_id ?? '');
  const [asking, setAsking] = useState<'publish' | 'release' | null>(null);
  const check = useCheck(layer, (done) => {
    setChecked(done);
    if (done.draft !== null) onChecked(done.draft.id);
  });

  const environment = environments.find(({ environment_id }) => environment_id === environmentId);
  const inForce = useInForce(layer, overview, environment);
  const bench = { copy, checked, asker: me, opa: overview.opa };
  const version = start.version !== null && copy === start.copy ? start.version : null;
  const written = changesFrom(start.copy, copy).length > 0 && checked?.copy !== copy;
  const permission = mayCheck(bench);
  const runCheck = (): void => {
    if (permission.allowed && !check.isPending) check.mutate({ copy, environmentId });
  };
  return (
    <Stack gap="md">
      <UnsavedGuard unsaved={written} />
      <Group justify="space-between" align="flex-end" gap="sm">
        <Group gap="sm" align="flex-end">
          <OpenSelect layer={layer} draftId={start.draft?.id ?? null} version={start.version} onOpen={onOpen} unsaved={written} />
          <NativeSelect label="Checked on top of" value={environmentId} onChange={(event) => setEnvironmentId(event.currentTarget.value)} data={environments.map((one) => ({ value: one.environment_id, label: one.environment }))} />
        </Group>
        <Group gap="xs">
          <ReasonButton variant="default" permission={mayFormat(bench)} leftSection={<IconAlignLeft size={16} aria-hidden />} onClick={() => setCopy({ ...copy, files: { ...copy.files, ...checked?.report.formatted } })}>Format</ReasonButton>
          <ReasonButton variant="default" permission={permission} loading={check.isPending} leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={runCheck}>Check</ReasonButton>
          <ReasonButton variant={version === null ? 'filled' : 'default'} permission={mayPublish(bench)} leftSection={<IconUpload size={16} aria-hidden />} onClick={() => setAsking('publish')}>Publish version</ReasonButton>
          <ReasonButton variant={version === null ? 'default' : 'filled'} permission={mayRelease(bench, version)} leftSection={<IconRocket size={16} aria-hidden />} onClick={() => setAsking('release')}>Release</ReasonButton>
        </Group>
      </Group>
      <Group justify="space-between" gap="sm">
        <Status checked={checked} copy={copy} pending={check.isPending} newLayer={layer.newest === null && start.draft === null} />
        {checked?.draft?.valid === true && checked.copy === copy ? <TryDraft draftId={checked.draft.id} /> : null}
      </Group>
      {check.error === null ? null : <ProblemView error={check.error} />}
      {overview.opa.available ? null : <Notice tone="wait" title="It can be read, but not checked: OPA is missing">{overview.opa.how_to_get_it}</Notice>}
      <LayerEditor
        layer={layer.kind}
        copy={copy}
        base={inForce.copy ?? copy}
        against={inForce.words}
        knownPacks={overview.packs.map((name) => ({ name }))}
        readOnly={!mayCall('createPolicyDraft', bench.asker, 'Writing').allowed}
        report={checked?.report ?? null}
        onChange={setCopy}
        onCheck={runCheck}
      />
      {asking === 'publish' && checked?.draft != null ? <PublishModal layer={layer} draftId={checked.draft.id} onClose={() => setAsking(null)} onPublished={(published) => onOpen({ draftId: null, version: published })} /> : null}
      {asking === 'release' && version !== null ? <ReleaseModal overview={overview} wish={{ kind: 'release', layer, version }} onClose={() => setAsking(null)} /> : null}
    </Stack>
  );
}

/** What can be asked of a valid draft before it is published. */
function TryDraft({ draftId }: { draftId: string }) {
  const against = encodeURIComponent(`draft:${draftId}`);
  return (
    <Group gap="md">
      <Anchor component={Link} size="sm" to={`/policy/simulate?against=${against}`}>Simulate this draft</Anchor>
      <Anchor component={Link} size="sm" to={`/policy/replays?against=${against}`}>Replay its impact</Anchor>
    </Group>
  );
}

/** What of this layer decides in the environment now, to show changes against. */
function useInForce(layer: Layer, overview: Schemas['PolicyOverview'], environment: ReturnType<typeof environmentsOf>[number] | undefined): { copy: WorkingCopy | null; words: string } {
  const version = versionInForce(layer, environment);
  const { data } = useQuery({ ...policyVersionQuery(layer.layer, version ?? 0), enabled: version !== null });
  const where = environment?.environment ?? 'any environment';
  if (version !== null && data === undefined) return { copy: null, words: `version ${version}, which is being read` };
  if (data === undefined) return { copy: emptyCopy(layer, overview.default_packs), words: `nothing: no version of this layer is in force in ${where}` };
  return { copy: copyOf(data, layer, overview.default_packs), words: `version ${version}, in force in ${where}` };
}

function Status({ checked, copy, pending, newLayer }: { checked: Checked | null; copy: WorkingCopy; pending: boolean; newLayer: boolean }) {
  const words = pending ? 'Checking: format, types, tests, compilation.'
    : checked === null ? (newLayer ? 'This layer has no version yet. Begin with this rule and its test, or with what is yours.' : 'Not checked yet.')
    : checked.copy === copy ? `${summaryOf(checked.report)}. Checked in ${checked.report.took_ms} ms.`
    : 'Changed since the last check. What is shown below is what that check found.';
  return <Text size="sm" c="dimmed" role="status">{words}</Text>;
}
