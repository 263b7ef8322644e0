import { SegmentedControl, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { AccessNav } from '../access/access-nav.tsx';
import { changeRequestsQuery } from '../api/access-queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { CHANGE_LOOKS } from './change-looks.ts';
import { ChangeModal } from './change-modal.tsx';
import { operationInWords } from './operation-words.ts';

const SHOWN = [{ value: 'pending', label: 'Waiting' }, { value: 'all', label: 'All' }];

/** Calls that take a second person. The address holds which are shown, and which one is open. */
export function ChangesPage() {
  const [search, setSearch] = useSearchParams();
  const shown = search.get('show') === 'all' ? 'all' : 'pending';
  const cursor = search.get('cursor');
  const selected = search.get('selected');
  const query = useQuery(changeRequestsQuery(shown === 'all' ? null : 'pending', cursor));
  const go = (next: Record<string, string | null>): void => setSearch((before) => {
    for (const [name, value] of Object.entries(next)) {
      if (value === null) before.delete(name);
      else before.set(name, value);
    }
    return before;
  });
  return (
    <Page title="Changes" lead="What your organisation wants two people for waits here until somebody else than who asked agrees. Then it is carried out for who asked.">
      <AccessNav />
      <Stack gap="sm" align="stretch">
        <div><SegmentedControl size="xs" aria-label="Which changes" data={SHOWN} value={shown} onChange={(value) => go({ show: value === 'all' ? 'all' : null, cursor: null })} /></div>
        <AsyncView query={query} what="changes" skeletonRows={4}>
          {({ items, next_cursor }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconUsersGroup} title={shown === 'all' ? 'No change has waited yet' : 'No change waits'}>Which permissions take a second person is said under Roles.</Empty></div>
            : (
              <Stack gap="sm">
                <DataTable
                  framed
                  label="Changes as a table"
                  rows={items}
                  rowKey={({ id }) => id}
                  columns={[
                    { name: 'State', cell: ({ state }) => <StateBadge state={state} look={CHANGE_LOOKS[state]} /> },
                    { name: 'What', cell: ({ id, operation }) => <UnstyledButton fz="sm" fw={550} c="var(--mantine-color-anchor)" onClick={() => go({ selected: id })}>{operationInWords(operation)}</UnstyledButton> },
                    { name: 'Of', cell: ({ summary }) => Object.entries(summary).map(([name, value]) => <div key={name}><Text span size="xs" c="dimmed">{name.replaceAll('_', ' ')} </Text><CopyId id={value} what={name.replaceAll('_', ' ')} /></div>) },
                    { name: 'Takes', cell: ({ permission }) => <code>{permission}</code> },
                    { name: 'Asked', cell: ({ requested_at, requested_by }) => <><TimeAgo at={requested_at} /> <Text span size="xs" c="dimmed">by <CopyId id={requested_by} what="who asked" /></Text></> },
                    { name: 'Ends', cell: ({ state, expires_at, decided_at }) => (state === 'pending' ? <TimeAgo at={expires_at} /> : decided_at === null ? null : <>decided <TimeAgo at={decided_at} /></>) },
                    { name: 'Change', cell: ({ id }) => <CopyId id={id} what="change id" /> },
                  ]}
                />
                <Pager atStart={cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'change')} onPage={(next) => go({ cursor: next })} />
              </Stack>
            ))}
        </AsyncView>
      </Stack>
      {selected === null ? null : <ChangeModal key={selected} changeId={selected} onClose={() => go({ selected: null })} />}
    </Page>
  );
}
