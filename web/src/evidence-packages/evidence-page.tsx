import { NativeSelect, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconDownload, IconFileCertificate, IconHourglass, IconLoader2, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { packagesQuery } from '../api/audit-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { formatBytes } from '../format/money.ts';
import { formatUtc } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { TimeInput } from '../parts/time-input.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';

type Package = Schemas['EvidencePackage'];
type Kind = Schemas['NewEvidencePackage']['kind'];

const LOOKS: Record<Package['state'], StateLook> = {
  requested: { tone: 'idle', icon: IconHourglass, meaning: 'Asked for' },
  building: { tone: 'run', icon: IconLoader2, meaning: 'It is being put together' },
  built: { tone: 'ok', icon: IconCheck, meaning: 'Signed, and there to download' },
  failed: { tone: 'bad', icon: IconAlertTriangle, meaning: 'It could not be built' },
};
const KINDS: ReadonlyArray<{ value: Kind; label: string }> = [{ value: 'period', label: 'all runs of a period' }, { value: 'approval', label: 'an approval' }, { value: 'policy_release', label: 'a release of policy' }];
const DAY_MS = 86_400_000;

/** Evidence to hand on: of a period, an approval, a release, and what an erasure or an emergency left behind. */
export function EvidencePage() {
  const [search, setSearch] = useSearchParams();
  const cursor = search.get('cursor');
  const query = useQuery(packagesQuery(cursor));
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState(false);
  const may = mayCall('getEvidenceArchive', me, 'Downloading evidence');
  return (
    <Page
      title="Evidence packages"
      lead={<>Signed archives to hand on. <code>countersign evidence verify FILE</code> checks one without this server. Evidence of one run is on the run's page.</>}
      actions={<ReasonButton permission={mayCall('createEvidencePackage', me, 'Asking for evidence')} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAsking(true)}>Ask for evidence</ReasonButton>}
    >
      <AsyncView query={query} what="evidence" skeletonRows={4}>
        {({ items, next_cursor }) => (items.length === 0
          ? <div className="panel"><Empty icon={IconFileCertificate} title="No evidence was asked for">Ask for all runs of a period, for an approval or for a release of policy.</Empty></div>
          : (
            <Stack gap="sm">
              <DataTable
                framed
                label="Evidence as a table"
                rows={items}
                rowKey={({ id }) => id}
                columns={[
                  { name: 'State', cell: ({ state, error }) => <><StateBadge state={state} look={LOOKS[state]} />{error === null ? null : <Text size="xs" c="dimmed" maw={260}>{error.message} <code>{error.code}</code></Text>}</> },
                  { name: 'Of', cell: (one) => <Subject subject={one} /> },
                  { name: 'Package', cell: ({ id }) => <CopyId id={id} what="evidence package id" /> },
                  { name: 'Runs', cell: ({ runs }) => runs ?? '' },
                  { name: 'Asked for', cell: ({ requested_at, requested_by }) => <><TimeAgo at={requested_at} /> <Text span size="xs" c="dimmed">by <CopyId id={requested_by} what="who asked" /></Text></> },
                  { name: 'SHA-256', cell: ({ sha256, size_bytes }) => (sha256 === null ? null : <><CopyId id={sha256} what="SHA-256" />{size_bytes === null ? null : <Text size="xs" c="dimmed">{formatBytes(size_bytes)}</Text>}</>) },
                  { name: 'Download', cell: ({ id, state }) => <ReasonButton size="xs" variant="default" permission={allOf(given(state === 'built', 'It is not built.'), may)} leftSection={<IconDownload size={15} aria-hidden />} href={`/api/v1/evidence-packages/${id}/archive`} download={`${id}.zip`}>Download</ReasonButton> },
                ]}
              />
              <Pager atStart={cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'package')} onPage={(next) => setSearch(next === null ? {} : { cursor: next })} />
            </Stack>
          ))}
      </AsyncView>
      {asking ? <AskModal onClose={() => setAsking(false)} /> : null}
    </Page>
  );
}

function Subject({ subject: { kind, subject_id, from, to, include_runs } }: { subject: Package }) {
  if (from !== null && to !== null) return <>{kind.replaceAll('_', ' ')}: {formatUtc(from)} to {formatUtc(to)}<Text size="xs" c="dimmed">{include_runs ? 'with the evidence of each run' : 'digests of the evidence of each run'}</Text></>;
  return <>{kind.replaceAll('_', ' ')} <CopyId id={subject_id} what="what it is of" /></>;
}

function AskModal({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<Kind>('period');
  const [subject, setSubject] = useState('');
  const [from, setFrom] = useState(() => startOfDay(Date.now() - 7 * DAY_MS));
  const [to, setTo] = useState(() => startOfDay(Date.now()));
  const [withRuns, setWithRuns] = useState(true);
  const ask = useAct({
    act: () => dataOf(api.POST('/api/v1/evidence-packages', { body: kind === 'period' ? { kind, from, to, include_runs: withRuns } : { kind, subject_id: subject.trim(), include_runs: false } })),
    says: () => 'It is being put together',
    touches: ['evidence-packages'],
    onDone: onClose,
  });
  const wrong = kind === 'period' ? (from === '' || to === '' || Date.parse(from) >= Date.parse(to) ? 'The period ends after it begins.' : null) : subject.trim() === '' ? 'Say of which, by its id.' : null;
  return (
    <FormModal title="Ask for evidence" confirm="Ask for it" wrong={wrong} pending={ask.isPending} error={ask.error} onClose={onClose} onSubmit={() => ask.mutate(undefined)}>
      <NativeSelect label="Of" data={KINDS.map(({ value, label }) => ({ value, label }))} value={kind} onChange={(event) => setKind(KINDS.find(({ value }) => value === event.currentTarget.value)?.value ?? 'period')} />
      {kind === 'period' ? (
        <>
          <TimeInput label="From (UTC)" value={from} onChange={setFrom} />
          <TimeInput label="Until (UTC), in the past" value={to} onChange={setTo} />
          <Switch label="With the evidence of each run" description="Without it the archive names the digest of each, and is small." checked={withRuns} onChange={(event) => setWithRuns(event.currentTarget.checked)} />
        </>
      ) : <TextInput label={kind === 'approval' ? 'Approval id' : 'Release id'} required maxLength={100} spellCheck={false} value={subject} onChange={(event) => setSubject(event.currentTarget.value)} />}
    </FormModal>
  );
}

function startOfDay(at_ms: number): string {
  return `${new Date(at_ms).toISOString().slice(0, 10)}T00:00:00Z`;
}
