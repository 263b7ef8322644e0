import { Stack, Text } from '@mantine/core';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { alarmInWords } from './agent-looks.ts';
import type { Agent } from './agent-looks.ts';

/** What somebody has to look at before anything else. It goes when the agent is resumed or revoked, or after a day. */
export function AlarmNotices({ agents }: { agents: readonly Agent[] }) {
  const alarmed = agents.filter(({ alarms }) => alarms.length > 0);
  if (alarmed.length === 0) return null;
  return (
    <Notice tone="bad" title={alarmed.length === 1 ? 'An agent needs somebody to look at it' : `${alarmed.length} agents need somebody to look at them`}>
      <Stack gap="xs">
        {alarmed.map(({ id, pool, environment, alarms }) => (
          <div key={id}>
            <CopyId id={id} what="agent id" /> <Text span size="xs" c="dimmed">{pool}, {environment}</Text>
            {alarms.map((alarm) => <Text key={`${alarm.kind} ${alarm.code}`} size="sm">{alarmInWords(alarm)} <Text span size="xs" c="dimmed">Last <TimeAgo at={alarm.last_at} />.</Text></Text>)}
          </div>
        ))}
        <Text size="xs" c="dimmed">Drain an agent to look into it. Resuming it says that you have looked; revoking it ends it within a second.</Text>
      </Stack>
    </Notice>
  );
}
