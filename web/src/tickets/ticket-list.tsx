import { Anchor, Table, Text } from '@mantine/core';
import { IconTicket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { RunSummary } from '../api/client.ts';
import { runsQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { Empty } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { RUN_LOOKS } from '../parts/state-look.ts';
import { ANY_RUN } from '../runs/run-filter.ts';
import { createdAt, listTickets, type SandboxTicket } from './sandbox-client.ts';

const REFRESH_MS = 5_000;
const RUNS_LOOKED_THROUGH = 200;

/** The sandbox's newest tickets, each with its run. */
export function TicketList({ sandboxUrl }: { sandboxUrl: string }) {
  const tickets = useQuery({ queryKey: ['sandbox-tickets', sandboxUrl], queryFn: () => listTickets(sandboxUrl), refetchInterval: REFRESH_MS });
  const { data: runs } = useQuery(runsQuery(ANY_RUN, RUNS_LOOKED_THROUGH));
  const runOf = new Map((runs?.items ?? []).toReversed().flatMap((run) => (run.subject_label === null ? [] : [[run.subject_label, run] as const])));
  return (
    <AsyncView query={tickets} what="the sandbox's tickets" skeletonRows={8}>
      {(items) => (items.length === 0
        ? <div className="panel"><Empty icon={IconTicket} title="No ticket has been raised yet">Press “Raise a ticket”: the sandbox writes one, and its run begins a moment later.</Empty></div>
        : (
          <div className="panel table-panel" tabIndex={0} role="region" aria-label="Tickets">
            <Table>
              <Table.Thead><Table.Tr><Table.Th scope="col">Ticket</Table.Th><Table.Th scope="col">Short description</Table.Th><Table.Th scope="col">In the record now</Table.Th><Table.Th scope="col">Raised</Table.Th><Table.Th scope="col">Run</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>{items.map((ticket) => <TicketRow key={ticket.number} ticket={ticket} run={runOf.get(ticket.number)} allRunsKnown={runs?.next_cursor === null} />)}</Table.Tbody>
            </Table>
          </div>
        ))}
    </AsyncView>
  );
}

/** `allRunsKnown`: there are no runs beyond those that were looked through, so a ticket without one has none. */
function TicketRow({ ticket, run, allRunsKnown }: { ticket: SandboxTicket; run: RunSummary | undefined; allRunsKnown: boolean }) {
  const at = createdAt(ticket);
  const fields = Object.entries(ticket.fields);
  return (
    <Table.Tr>
      <Table.Td fw={550} style={{ whiteSpace: 'nowrap' }}>{run === undefined ? ticket.number : <Anchor component={Link} to={`/runs/${run.id}`}>{ticket.number}</Anchor>}</Table.Td>
      <Table.Td miw={220}>{ticket.short_description}</Table.Td>
      <Table.Td miw={200}>{fields.length === 0 ? <Text span size="sm" c="dimmed">not triaged</Text> : fields.map(([name, value]) => <Text key={name} span size="sm" mr="sm" style={{ display: 'inline-block' }}><Text span size="xs" c="dimmed">{name.replace('_', ' ')} </Text>{value}</Text>)}</Table.Td>
      <Table.Td>{at === null ? ticket.sys_created_on : <TimeAgo at={at} />}</Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>
        {run !== undefined ? <StateBadge state={run.state} look={RUN_LOOKS[run.state]} />
          : allRunsKnown ? <Text span size="sm" c="dimmed">none</Text>
          : <Anchor size="sm" component={Link} to={`/runs?q=${encodeURIComponent(ticket.number)}`}>find its run</Anchor>}
      </Table.Td>
    </Table.Tr>
  );
}
