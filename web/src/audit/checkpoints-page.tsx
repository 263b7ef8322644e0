import { Button, List, Stack, Text, Textarea } from '@mantine/core';
import { IconFileOff } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { checkpointsQuery } from '../api/audit-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Notice } from '../parts/notice.tsx';
import { Empty, Facts, Page } from '../parts/page.tsx';
import { Pager } from '../parts/pager.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { mayCall } from '../states/role-permission.ts';
import { AuditNav } from './audit-nav.tsx';

/** Signed heads of the chain and who countersigned them; and the chain computed anew. */
export function CheckpointsPage() {
  const [search, setSearch] = useSearchParams();
  const cursor = search.get('cursor');
  const query = useQuery(checkpointsQuery(cursor));
  return (
    <Page title="Checkpoints" lead="Signed notes about the whole chain, each naming the one before. Keep one of them elsewhere: whoever has it can tell whether history was rewritten.">
      <AuditNav />
      <Stack gap="md">
        <Verify />
        <AsyncView query={query} what="checkpoints" skeletonRows={6}>
          {({ items, next_cursor }) => (items.length === 0
            ? <div className="panel"><Empty icon={IconFileOff} title="No checkpoint yet">The first is signed within a minute of the first event.</Empty></div>
            : (
              <Stack gap="sm">
                <DataTable
                  framed
                  label="Checkpoints as a table"
                  rows={items}
                  rowKey={({ number }) => String(number)}
                  columns={[
                    { name: 'Number', cell: ({ number }) => number },
                    { name: 'Events', cell: ({ size }) => <span className="tabular">{size.toLocaleString('en')}</span> },
                    { name: 'Root', cell: ({ root }) => (root === null ? <Text span c="dimmed" inherit>from before there was a tree</Text> : <CopyId id={root} what="root of the tree" />) },
                    { name: 'Signed', cell: ({ signed_at, kid }) => <><TimeAgo at={signed_at} /> <Text span size="xs" c="dimmed">by <CopyId id={kid} what="key id" /></Text></> },
                    { name: 'Countersigned by', cell: ({ cosignatures }) => (cosignatures.length === 0 ? <Text span c="dimmed" inherit>nobody</Text> : cosignatures.map(({ witness_id, name, cosigned_at }) => <div key={witness_id}>{name} <Text span size="xs" c="dimmed"><TimeAgo at={cosigned_at} /></Text></div>)) },
                    { name: 'Note', cell: ({ note }) => (note === null ? null : <CopyId id={note} what="signed note" text="Copy the note" />) },
                  ]}
                />
                <Pager atStart={cursor === null} nextCursor={next_cursor} shown={countOf(items.length, 'checkpoint')} onPage={(next) => setSearch(next === null ? {} : { cursor: next })} />
              </Stack>
            ))}
        </AsyncView>
      </Stack>
    </Page>
  );
}

/** Has the server compute the chain anew, from its first event; against a note that was kept elsewhere, where one is given. */
function Verify() {
  const { data: me } = useQuery(meQuery);
  const [note, setNote] = useState('');
  const verification = useMutation({ mutationFn: () => dataOf(api.POST('/api/v1/audit/verifications', { body: note.trim() === '' ? {} : { expected_checkpoint: `${note.trim()}\n` } })) });
  return (
    <Section title="Compute the chain anew" note="The server checks itself here; to trust nobody, export the chain and verify it elsewhere" actions={<ReasonButton size="xs" permission={mayCall('verifyAudit', me, 'Verifying')} loading={verification.isPending} onClick={() => verification.mutate()}>Verify now</ReasonButton>}>
      <Stack gap="sm" p="md">
        <Textarea label="A note that you kept" description="The chain must go on from exactly this. Without it nobody can tell whether its newest part is missing." autosize minRows={2} maxRows={8} spellCheck={false} maxLength={65_536} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {verification.error === null ? null : <ProblemView error={verification.error} />}
        {verification.data === undefined ? null : <Found found={verification.data} onAgain={() => verification.reset()} />}
      </Stack>
    </Section>
  );
}

function Found({ found, onAgain }: { found: Schemas['AuditVerification']; onAgain: () => void }) {
  return (
    <div role="status" aria-label="What was found">
      {found.verified ? <Text fw={600} c="var(--cs-ok)">Verified: every event is where it was sealed.</Text> : (
        <Notice tone="bad" title="It does not hold"><List size="sm">{found.faults.map(({ code, at, message }) => <List.Item key={`${at} ${code}`}><strong>{at}</strong>: {message} <code>{code}</code></List.Item>)}</List></Notice>
      )}
      <Facts facts={[
        { name: 'Events', value: found.events.toLocaleString('en') }, { name: 'Checkpoints', value: found.checkpoints.toLocaleString('en') }, { name: 'Root', value: <CopyId id={found.root} what="root of the tree" /> },
        ...Object.entries(found.witnessed).map(([name, size]) => ({ name: `Countersigned by ${name}`, value: `up to event ${size.toLocaleString('en')}` })),
      ]} />
      {found.not_proven.length === 0 ? null : <><Text size="sm" fw={600}>What it does not prove</Text><List size="sm">{found.not_proven.map((line) => <List.Item key={line}>{line}</List.Item>)}</List></>}
      <Button mt="sm" size="xs" variant="default" onClick={onAgain}>Put it away</Button>
    </div>
  );
}
