import { Stack, Text } from '@mantine/core';
import { IconBroadcastOff, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { sinksQuery } from '../api/audit-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AuditNav } from '../audit/audit-nav.tsx';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useAct } from '../parts/use-act.ts';
import type { Permission } from '../states/permission.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { SinkCard } from './sink-card.tsx';
import { AddSinkModal, ChangeSinkModal, RemoveSinkModal } from './sink-modals.tsx';
import { TestSinkModal } from './test-sink-modal.tsx';

type Sink = Schemas['Sink'];

/** Where the audit of all workspaces is streamed to, and how far each has got. */
export function SinksPage() {
  const query = useQuery(sinksQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Sink | null>(null);
  const [removing, setRemoving] = useState<Sink | null>(null);
  const [testing, setTesting] = useState<Sink | null>(null);
  const [made, setMade] = useState<Sink | null>(null);
  const mayChange = allOf(mayCall('updateSink', me, 'Changing a sink'), home);
  return (
    <Page
      title="Audit sinks"
      lead="Places to which the audit of all workspaces is streamed: your SIEM, or the object store. Each gets every event at least once, in order; what it does not take is sent again for as long as it takes."
      actions={<ReasonButton permission={allOf(mayCall('createSink', me, 'Adding a sink'), home)} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>Add a sink</ReasonButton>}
    >
      <AuditNav />
      <AsyncView query={query} what="audit sinks" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <div className="panel"><Empty icon={IconBroadcastOff} title="The audit is streamed nowhere">It is sealed here either way. A sink hands it on as it happens, signed, in OCSF, CEF or our own form.</Empty></div>
          : (
            <Stack gap="md">
              {items.map((sink) => (
                <SinkCard key={sink.id} sink={sink}>
                  <ReasonButton size="xs" variant="default" permission={allOf(mayCall('testSink', me, 'Testing a sink'), home)} onClick={() => setTesting(sink)}>Test</ReasonButton>
                  <ReasonButton size="xs" variant="default" permission={mayChange} onClick={() => setChanging(sink)}>Change</ReasonButton>
                  <PauseButton sink={sink} permission={mayChange} />
                  <ReasonButton size="xs" variant="default" permission={allOf(mayCall('deleteSink', me, 'Removing a sink'), home)} onClick={() => setRemoving(sink)}>Remove</ReasonButton>
                </SinkCard>
              ))}
            </Stack>
          ))}
      </AsyncView>
      {adding ? <AddSinkModal onClose={() => setAdding(false)} onMade={setMade} /> : null}
      {testing === null ? null : <TestSinkModal sink={testing} onClose={() => setTesting(null)} />}
      {changing === null ? null : <ChangeSinkModal sink={changing} onClose={() => setChanging(null)} />}
      {removing === null ? null : <RemoveSinkModal sink={removing} onClose={() => setRemoving(null)} />}
      {made?.secret === undefined ? null : (
        <ShownOnce title={`The secret of ${made.name}`} value={made.secret} kept="What is stored here is sealed: each delivery is signed with it, and nobody can read it again." onClose={() => setMade(null)}>
          <Text size="sm">Your receiver verifies the header <code>webhook-signature</code> with it, as Standard Webhooks says; or, without a secret, <code>signature</code> with the public keys under Keys (RFC 9421).</Text>
        </ShownOnce>
      )}
    </Page>
  );
}

function PauseButton({ sink, permission }: { sink: Sink; permission: Permission }) {
  const { id, state } = sink;
  const paused = state === 'disabled';
  const change = useAct({
    act: () => dataOf(api.PATCH('/api/v1/audit/sinks/{sink_id}', { params: { path: { sink_id: id } }, body: { enabled: paused } })),
    says: (changed) => (changed.state === 'disabled' ? `${changed.name} gets nothing more, once it has been told so` : `${changed.name} goes on where it stopped`),
    touches: ['audit-sinks'],
    toastsProblem: true,
  });
  return <ReasonButton size="xs" variant="default" permission={permission} loading={change.isPending} onClick={() => change.mutate(undefined)}>{paused ? 'Go on' : 'Pause'}</ReasonButton>;
}
