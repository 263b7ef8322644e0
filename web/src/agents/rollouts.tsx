import { Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconLoader2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { agentRolloutsQuery } from '../api/agent-queries.ts';
import { api, dataOf } from '../api/client.ts';
import type { Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import type { Column } from '../parts/data-table.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { stageInWords, whyHalted } from './rollout-words.ts';

type Rollout = Schemas['AgentRollout'];

const LOOKS: Record<Rollout['state'], StateLook> = {
  running: { tone: 'run', icon: IconLoader2, meaning: 'It is offered to the share of its stage, and goes on when those work with it' },
  halted: { tone: 'bad', icon: IconAlertTriangle, meaning: 'It is offered to nobody. Who runs it goes on with it; who did not work with it went back to what it ran before' },
  done: { tone: 'ok', icon: IconCheck, meaning: 'All agents of its pool run it' },
};

/** Which releases the pools are being given, how far each has got, and why one halted. */
export function Rollouts() {
  const query = useQuery(agentRolloutsQuery);
  const [asking, setAsking] = useState<Rollout | null>(null);
  return (
    <Section title="Upgrades" note="In stages, halted at the first agent that fails">
      <AsyncView query={query} what="upgrades" skeletonRows={2}>
        {({ items }) => (items.length === 0
          ? <Text size="sm" c="dimmed" p="md">None was begun yet: agents run the version that they were installed with. Begin one by <code>countersign agent-rollouts begin</code>.</Text>
          : <DataTable label="Upgrades as a table" rows={items.slice(0, 20)} rowKey={({ id }) => id} columns={[...COLUMNS, { name: 'Do', cell: (rollout) => <Act rollout={rollout} onAsk={() => setAsking(rollout)} /> }]} />)}
      </AsyncView>
      {asking === null ? null : <Ask key={asking.id} rollout={asking} onClose={() => setAsking(null)} />}
    </Section>
  );
}

const COLUMNS: ReadonlyArray<Column<Rollout>> = [
  { name: 'Release', cell: ({ version, platform, sha256 }) => <><Text span inherit fw={550}>{version}</Text> <Text span size="xs" c="dimmed">{platform}</Text><div><CopyId id={sha256} what="digest of the file" /></div></> },
  { name: 'Pool', cell: ({ pool }) => pool },
  { name: 'State', cell: (rollout) => <><StateBadge state={rollout.state} look={LOOKS[rollout.state]} />{rollout.state === 'halted' ? <Text size="xs" c="dimmed" maw={220}>{whyHalted(rollout)}{rollout.halted_by === null ? null : <> <CopyId id={rollout.halted_by} what="who halted it" /></>}</Text> : null}</> },
  { name: 'Stage', cell: (rollout) => <>{stageInWords(rollout)}<Text size="xs" c="dimmed" component="div">since <TimeAgo at={rollout.stage_began_at} /></Text></> },
  { name: 'Agents', cell: ({ agents: { well, under_way, failed } }) => <span className="tabular">{well} work with it{under_way === 0 ? '' : `, ${under_way} under way`}{failed === 0 ? '' : `, ${failed} failed`}</span> },
  { name: 'Begun', cell: ({ created_at }) => <TimeAgo at={created_at} /> },
];

function Act({ rollout: { state }, onAsk }: { rollout: Rollout; onAsk: () => void }) {
  const { data: me } = useQuery(meQuery);
  const may = mayCall('haltAgentRollout', me, state === 'halted' ? 'Resuming an upgrade' : 'Halting an upgrade');
  return <ReasonButton size="xs" variant="default" permission={allOf(may, given(state !== 'done', 'It is done.'))} onClick={onAsk}>{state === 'halted' ? 'Resume' : 'Halt'}</ReasonButton>;
}

function Ask({ rollout: { id, version, pool, state }, onClose }: { rollout: Rollout; onClose: () => void }) {
  const move = state === 'halted' ? 'resume' : 'halt';
  const act = useAct({
    act: (reason: string) => dataOf(api.POST(`/api/v1/agent-rollouts/{rollout_id}/${move}`, { params: { path: { rollout_id: id } }, body: { reason } })),
    says: () => (move === 'halt' ? `${version} is offered to nobody in ${pool}` : `${version} goes on in ${pool}`),
    touches: ['agent-rollouts', 'agents'],
    onDone: onClose,
  });
  const explanation = move === 'halt' ? 'It is offered to nobody any more. Agents that run it go on with it.' : 'Its stage begins anew, and agents that had failed are offered the release again.';
  return <ReasonModal title={move === 'halt' ? 'Halt an upgrade' : 'Resume an upgrade'} explanation={explanation} confirm={move === 'halt' ? 'Halt it' : 'Resume it'} minLength={3} maxLength={500} pending={act.isPending} error={act.error} onClose={onClose} onConfirm={(reason) => act.mutate(reason)} />;
}
