import { Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import type { Approval } from '../api/client.ts';
import { Countdown, TimeAgo } from '../parts/clock.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { APPROVAL_LOOKS } from '../parts/state-look.ts';
import { frozenLeftMs } from './clock.ts';
import classes from './approvals.module.css';

export function InboxList({ pending, decided, selected }: { pending: Approval[]; decided: Approval[]; selected: string | null }) {
  return (
    <nav className={`panel ${classes.side}`} aria-label="Approvals">
      <header><Title order={2}>Waiting</Title><Text size="sm" c="dimmed">{pending.length}</Text></header>
      {pending.length === 0 ? <Text size="sm" c="dimmed" p="md">Nothing waits.</Text> : <Items approvals={pending} selected={selected} />}
      {decided.length === 0 ? null : (
        <>
          <header style={{ borderTop: '1px solid var(--cs-line)' }}><Title order={2}>Decided</Title></header>
          <Items approvals={decided} selected={selected} />
        </>
      )}
    </nav>
  );
}

function Items({ approvals, selected }: { approvals: Approval[]; selected: string | null }) {
  return (
    <ul className={classes.list}>
      {approvals.map((approval) => (
        <li key={approval.id}>
          <Link className={classes.item} to={`?selected=${approval.id}`} replace aria-current={approval.id === selected}>
            <span className={classes.top}>
              <Text span fw={550} truncate>{approval.subject ?? approval.action}</Text>
              {approval.state === 'pending'
                ? <Text span size="xs" c="dimmed">{frozenLeftMs(approval) === null ? <><Countdown at={approval.expires_at} over="expired" /> left</> : 'its clock stands'}</Text>
                : <StateBadge state={approval.state} look={APPROVAL_LOOKS[approval.state]} />}
            </span>
            <span className={classes.top}>
              <Text span size="xs" c="dimmed" truncate>{changesInShort(approval)}</Text>
              {approval.decided_at === null ? null : <Text span size="xs" c="dimmed"><TimeAgo at={approval.decided_at} /></Text>}
            </span>
            {approval.kind === 'outcome' ? <Text span size="xs" display="block" fw={550} c="var(--cs-wait)">Did it happen?</Text> : null}
            {approval.state === 'pending' && !approval.may_vote ? <Text span size="xs" c="dimmed" display="block">Not yours to decide</Text> : null}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** `Network, LAN, Network Operations`: what would be in the record afterwards, so that the list can be told apart. */
function changesInShort({ preview }: Approval): string {
  const values = preview.fields.filter(({ before, after }) => before !== after && after !== '').map(({ after }) => after);
  return values.length === 0 ? preview.title : values.join(', ');
}
