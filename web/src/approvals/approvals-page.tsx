import { APPROVAL_STATES, statesOf } from '@countersign/contracts/states/transitions.ts';
import { Anchor, Kbd, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconMoodCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, useSearchParams } from 'react-router';
import { approvalsQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { belongsToChord } from '../shell/chord.ts';
import { ApprovalDetail } from './approval-detail.tsx';
import { byDeadline, neighbour, nextAfter } from './inbox-order.ts';
import { InboxList } from './inbox-list.tsx';
import classes from './approvals.module.css';

const DECIDED = statesOf(APPROVAL_STATES).filter((state) => state !== 'pending');

/** What waits for a person, the nearest deadline first, and below it what was decided. The address holds which one is open. */
export function ApprovalsPage() {
  const pendingQuery = useQuery(approvalsQuery(['pending']));
  const decidedQuery = useQuery(approvalsQuery(DECIDED, 20));
  const [search, setSearch] = useSearchParams();
  const pending = byDeadline(pendingQuery.data?.items ?? []);
  const decided = decidedQuery.data?.items ?? [];
  const ids = [...pending, ...decided].map(({ id }) => id);
  const selected = search.get('selected');
  const open = (id: string | null): void => {
    // At once: a key pressed right after another one must find what the first one opened.
    if (id !== null) setSearch({ selected: id }, { replace: true, flushSync: true });
  };

  const firstPending = pending[0]?.id ?? null;
  useEffect(() => {
    if (selected === null && firstPending !== null) setSearch({ selected: firstPending }, { replace: true });
  }, [selected, firstPending, setSearch]);
  useHotkeys([
    ['j', (event) => { if (!belongsToChord(event)) open(neighbour(ids, selected, 1)); }],
    ['k', (event) => { if (!belongsToChord(event)) open(neighbour(ids, selected, -1)); }],
  ]);

  return (
    <Page
      title="Approvals"
      lead={<>Nothing is written before a person countersigns exactly what will run. <Text span inherit visibleFrom="sm"><Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> move, <Kbd size="xs">a</Kbd> approve, <Kbd size="xs">r</Kbd> reject, <Kbd size="xs">?</Kbd> all keys</Text></>}
    >
      <AsyncView query={pendingQuery} what="approvals">
        {() => (ids.length === 0 && selected === null ? <NothingWaits /> : (
          <div className={classes.inbox}>
            <InboxList pending={pending} decided={decided} selected={selected} />
            {selected === null
              ? <div className="panel"><Empty icon={IconMoodCheck} title="Nothing waits for you">Open a decided one to see what was asked and who voted.</Empty></div>
              : <ApprovalDetail key={selected} approvalId={selected} onDecided={() => open(nextAfter(pending.map(({ id }) => id), selected) ?? selected)} />}
          </div>
        ))}
      </AsyncView>
    </Page>
  );
}

function NothingWaits() {
  return (
    <div className="panel">
      <Empty icon={IconMoodCheck} title="Nothing waits for a decision">
        When a workflow wants to write to a system of record and policy asks for a person, it waits here. <Anchor underline="always" component={Link} to="/tickets">Raise a ticket</Anchor> to see one.
      </Empty>
    </div>
  );
}
