import { Anchor, Table, Text } from '@mantine/core';
import { IconCalendarTime, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { schedulesQuery } from '../api/operations-queries.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { readersZone } from '../format/zones.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { ACTIVE_LOOK, INACTIVE_LOOK, PAUSED_LOOK, RUN_LOOKS } from '../parts/state-look.ts';
import { toastDone } from '../parts/toast.tsx';
import type { Asker } from '../states/role-permission.ts';
import { ALL_RUN_STATES } from '../runs/run-filter.ts';
import { pauseOrResume, whyNotDue } from './schedule-permission.ts';
import { ZonedTime } from './zoned-time.tsx';

type Schedule = Schemas['Schedule'];

const COLUMNS = ['State', 'Workflow', 'By the clock', 'Next', 'Last', 'Hold it'];
const CATCH_UP: Record<Schedule['catch_up'], string> = { skip: 'What was missed is left out', latest: 'What was missed runs once, for the latest time', all: 'What was missed runs for each time' };

/** What runs by the clock: when next, when last, by whose clock; and how to hold it. */
export function SchedulesPage() {
  const query = useQuery(schedulesQuery);
  const { data: me } = useQuery(meQuery);
  return (
    <Page title="Schedules" lead={`What runs by the clock. Times are by each schedule's own time zone, and by yours (${readersZone()}) where that shows another time.`}>
      <AsyncView query={query} what="schedules">
        {({ items }) => (items.length === 0
          ? <div className="panel"><Empty icon={IconCalendarTime} title="Nothing runs by the clock">A workflow whose trigger is a schedule appears here as soon as a version of it is active.</Empty></div>
          : <ScheduleTable schedules={items} asker={me} />)}
      </AsyncView>
    </Page>
  );
}

function ScheduleTable({ schedules, asker }: { schedules: readonly Schedule[]; asker: Asker | undefined }) {
  const [asking, setAsking] = useState<Schedule | null>(null);
  return (
    <div className="panel table-panel" tabIndex={0} role="region" aria-label="Schedules">
      <Table>
        <Table.Thead><Table.Tr>{COLUMNS.map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {schedules.map((schedule) => {
            const { act, permission } = pauseOrResume(schedule, asker);
            return (
              <Table.Tr key={schedule.id}>
                <Table.Td><State schedule={schedule} /></Table.Td>
                <Table.Td style={{ whiteSpace: 'nowrap' }}><Anchor component={Link} to={`/workflows/${schedule.workflow_id}?version=${schedule.workflow_version}`} fw={550}>{schedule.workflow_name}</Anchor><Text span c="dimmed" inherit>@{schedule.workflow_version}</Text><Text size="xs" c="dimmed" component="div">{schedule.environment} <CopyId id={schedule.id} what="schedule id" /></Text></Table.Td>
                <Table.Td><code>{schedule.cron}</code> <Text span size="xs" c="dimmed">{schedule.time_zone}</Text><Text size="xs" c="dimmed">{CATCH_UP[schedule.catch_up]}</Text></Table.Td>
                <Table.Td>{schedule.next_due_at === null ? <Text span c="dimmed" inherit>{whyNotDue(schedule)}</Text> : <ZonedTime at={schedule.next_due_at} zone={schedule.time_zone} />}</Table.Td>
                <Table.Td><Last schedule={schedule} /></Table.Td>
                <Table.Td><ReasonButton size="xs" variant="default" permission={permission} leftSection={act === 'pause' ? <IconPlayerPause size={15} aria-hidden /> : <IconPlayerPlay size={15} aria-hidden />} onClick={() => setAsking(schedule)}>{act === 'pause' ? 'Pause' : 'Resume'}</ReasonButton></Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      {asking === null ? null : <Ask key={asking.id} schedule={asking} onClose={() => setAsking(null)} />}
    </div>
  );
}

function State({ schedule: { enabled, paused_at, paused_by, paused_by_name, pause_reason } }: { schedule: Schedule }) {
  if (paused_at === null) return enabled ? <StateBadge state="active" look={ACTIVE_LOOK} /> : <StateBadge state="inactive" look={INACTIVE_LOOK} />;
  return (
    <>
      <StateBadge state="paused" look={PAUSED_LOOK} />
      <Text size="xs" c="dimmed" component="div" maw={220}><TimeAgo at={paused_at} />{paused_by === null ? null : <> by {paused_by_name ?? <CopyId id={paused_by} what="who paused it" />}</>}{pause_reason === null ? null : `: ${pause_reason}`}</Text>
    </>
  );
}

function Last({ schedule: { last, time_zone } }: { schedule: Schedule }) {
  if (last === null) return <Text span c="dimmed" inherit>It was never due</Text>;
  const state = ALL_RUN_STATES.find((one) => one === last.run_state);
  return (
    <>
      {last.due_at === null ? null : <ZonedTime at={last.due_at} zone={time_zone} />}
      {last.run_id === null ? null : <div>{state === undefined ? null : <StateBadge state={state} look={RUN_LOOKS[state]} />} <Anchor underline="always" component={Link} to={`/runs/${last.run_id}`}>See the run</Anchor></div>}
      {last.skipped === 0 ? null : <Text size="xs" c="dimmed">{countOf(last.skipped, 'time was', 'times were')} left out</Text>}
    </>
  );
}

const WORDS = {
  pause: { title: 'Pause this schedule', confirm: 'Pause it', explanation: 'It is not due again until it is resumed. Runs that have begun go on.' },
  resume: { title: 'Resume this schedule', confirm: 'Let it go on', explanation: 'It is due again from the next time on. Times that passed while it was paused are left out.' },
};

function Ask({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const queryClient = useQueryClient();
  const act = schedule.paused_at === null ? 'pause' : 'resume';
  const mutation = useMutation({
    mutationFn: (reason: string) => {
      const request = { params: { path: { schedule_id: schedule.id } }, body: { reason } };
      return dataOf(act === 'pause' ? api.POST('/api/v1/schedules/{schedule_id}/pause', request) : api.POST('/api/v1/schedules/{schedule_id}/resume', request));
    },
    onSuccess: ({ workflow_name, environment }) => {
      toastDone(`${workflow_name} in ${environment} ${act === 'pause' ? 'is paused' : 'goes on'}`, null);
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['schedules'] }),
  });
  return <ReasonModal {...WORDS[act]} minLength={3} maxLength={500} pending={mutation.isPending} error={mutation.error} onClose={onClose} onConfirm={(reason) => mutation.mutate(reason)} />;
}
