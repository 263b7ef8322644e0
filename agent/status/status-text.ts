import type { AgentStatus } from './status-file.ts';

const MIB = 1024 * 1024;

/** The status for people, the most telling first. */
export function statusText(last: AgentStatus | null, running: boolean, now: Date): string {
  if (last === null) return 'The agent is enrolled and has never run here. Start it: countersign-agent run';
  const { agent_id, pool, environment, cell_url, version, at, session, certificate_expires_at, policy, orders, spool, clock, memory_bytes } = last;
  const lines = [
    ['agent', `${agent_id}, pool ${pool} of ${environment}, version ${version}`],
    ['state', running ? `${last.state} since ${last.started_at} (process ${last.pid})` : `does not run; last seen ${ago(at, now)}`],
    ['cell', `${cell_url}: ${session.connected && running ? '' : 'not '}connected, last answer ${session.last_contact === null ? 'never' : ago(session.last_contact, now)}`],
    ...(session.last_error === null ? [] : [['problem', session.last_error]]),
    ['certificate', `until ${certificate_expires_at}, to be renewed ${session.renewal_due}`],
    ...policy.map(({ scope, seq, state, expires_at }) => (
      ['policy', `${state}${seq === null ? '' : `, number ${seq}`} for ${scope}${expires_at === null ? '' : `, decides until ${expires_at}`}`]
    )),
    ['orders', `${orders.under_way.length} under way, room for ${orders.free} of ${orders.capacity}`],
    ['spool', `${spool.state}, ${spool.seq - spool.delivered_seq} to deliver, ${(spool.bytes / MIB).toFixed(1)} MiB of ${(spool.limit_bytes / MIB).toFixed(0)}`],
    ['clock', clock.trusted ? `${clock.offset_ms} ms from the cell's` : 'further from the cell\'s than is believed: set it'],
    ['memory', `${(memory_bytes / MIB).toFixed(0)} MiB`],
  ];
  return lines.map(([name, text]) => `${name!.padEnd(12)} ${text}`).join('\n');
}

function ago(at: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1_000));
  return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}
