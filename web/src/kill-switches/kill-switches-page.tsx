import { Group, Progress, Stack, Table, Text, Title } from '@mantine/core';
import { IconHandStop, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { killSwitchesQuery } from '../api/decision-queries.ts';
import type { Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Countdown, TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty, Facts, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { mayCall, type Asker } from '../states/role-permission.ts';
import { nameOf } from './kill-switch-name.ts';
import { isBinding, recoveryOf } from './recovery-stages.ts';
import { ReleaseModal } from './release-modal.tsx';
import { SetModal } from './set-modal.tsx';

type KillSwitch = Schemas['KillSwitch'];

/** What is stopped, by whom and why; how to stop something; what was stopped before. */
export function KillSwitchesPage() {
  const query = useQuery(killSwitchesQuery);
  const { data: me } = useQuery(meQuery);
  const [setting, setSetting] = useState(false);
  const may = mayCall('setKillSwitch', me, 'Stopping something');
  return (
    <Page
      title="Kill switches"
      lead="Within a second no worker begins another call there. What was already sent cannot be called back."
      actions={<ReasonButton permission={may} color="red.8" leftSection={<IconHandStop size={16} aria-hidden />} onClick={() => setSetting(true)}>Stop something</ReasonButton>}
    >
      <PolicyNav />
      <AsyncView query={query} what="kill switches" skeletonRows={4}>
        {({ items }) => {
          const active = items.filter(({ released_at }) => released_at === null);
          const recovering = items.filter((one) => recoveryOf(one) !== null);
          const released = items.filter((one) => !isBinding(one));
          return (
            <Stack gap="md">
              {recovering.map((one) => <Recovering key={one.id} killSwitch={one} />)}
              {active.length === 0 && recovering.length === 0 ? <div className="panel"><Empty icon={IconPlayerPlay} title="Nothing is stopped">Everything may run, as far as policy allows it.</Empty></div> : active.map((one) => <Active key={one.id} killSwitch={one} asker={me} />)}
              {released.length === 0 ? null : <Released killSwitches={released} />}
            </Stack>
          );
        }}
      </AsyncView>
      {setting && me !== undefined ? <SetModal me={me} onClose={() => setSetting(false)} /> : null}
    </Page>
  );
}

function Active({ killSwitch, asker }: { killSwitch: KillSwitch; asker: Asker | undefined }) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="panel" aria-label={`Stopped: ${nameOf(killSwitch)}`}>
      <header>
        <Title order={2}>{nameOf(killSwitch)}</Title>
        <Group gap="sm">
          <StateBadge state="stopped" look={{ tone: 'bad', icon: IconHandStop, meaning: 'No call begins here' }} />
          <ReasonButton size="xs" variant="default" permission={mayCall('releaseKillSwitch', asker, 'Letting it go on')} onClick={() => setAsking(true)}>Let it go on</ReasonButton>
        </Group>
      </header>
      <Facts
        facts={[
          { name: 'Why', value: <span style={{ whiteSpace: 'pre-wrap' }}>{killSwitch.reason}</span> },
          { name: 'Set', value: <TimeAgo at={killSwitch.set_at} /> },
          { name: 'By', value: <CopyId id={killSwitch.set_by} what="who set it" /> },
          { name: 'Stops', value: <CopyId id={killSwitch.target_id} what="id of what is stopped" /> },
          { name: 'Kill switch', value: <CopyId id={killSwitch.id} what="kill switch id" /> },
        ]}
      />
      {asking ? <ReleaseModal killSwitch={killSwitch} onClose={() => setAsking(false)} /> : null}
    </section>
  );
}

/** Lets go in stages: how far it is, and when more goes on. */
function Recovering({ killSwitch }: { killSwitch: KillSwitch }) {
  const recovery = recoveryOf(killSwitch);
  if (recovery === null) return null;
  const { stage, stages, percent, next_at } = recovery;
  return (
    <section className="panel" aria-label={`Going on in stages: ${nameOf(killSwitch)}`}>
      <header>
        <Title order={2}>{nameOf(killSwitch)}</Title>
        <StateBadge state="recovering" look={{ tone: 'wait', icon: IconPlayerPlay, meaning: 'A growing share of its runs goes on' }} />
      </header>
      <Progress value={percent} radius={0} size={6} color="orange.7" aria-label={`${percent} % of the runs go on`} />
      <Facts
        facts={[
          { name: 'Goes on', value: `${percent} % of the runs` },
          { name: 'Stage', value: `${stage} of ${stages}, then all` },
          { name: 'Next', value: next_at === null ? 'when the control plane says so' : <>in <Countdown at={next_at} over="a moment" /></> },
          { name: 'Stopped for', value: <span style={{ whiteSpace: 'pre-wrap' }}>{killSwitch.reason}</span> },
          { name: 'Goes on because', value: <span style={{ whiteSpace: 'pre-wrap' }}>{killSwitch.release_reason}</span> },
          { name: 'Kill switch', value: <CopyId id={killSwitch.id} what="kill switch id" /> },
        ]}
      />
      <Text size="xs" c="dimmed" px="md" pb="md">Does it go wrong again? Stop it anew: that ends the recovery at once.</Text>
    </section>
  );
}

function Released({ killSwitches }: { killSwitches: readonly KillSwitch[] }) {
  return (
    <section className="panel" aria-label="Released">
      <header><Title order={2}>Stopped before</Title></header>
      <div className="table-panel" tabIndex={0} role="region" aria-label="Released kill switches">
        <Table>
          <Table.Thead><Table.Tr>{['What', 'Why', 'Set', 'Released', 'Why it went on'].map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {killSwitches.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td fw={550}>{nameOf(one)}</Table.Td>
                <Table.Td>{one.reason}</Table.Td>
                <Table.Td><TimeAgo at={one.set_at} /> <Text span size="xs" c="dimmed">by <CopyId id={one.set_by} what="who set it" /></Text></Table.Td>
                <Table.Td>{one.released_at === null ? null : <TimeAgo at={one.released_at} />} {one.released_by === null ? null : <Text span size="xs" c="dimmed">by <CopyId id={one.released_by} what="who released it" /></Text>}</Table.Td>
                <Table.Td>{one.release_reason}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}
