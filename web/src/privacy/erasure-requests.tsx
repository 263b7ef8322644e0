import { NativeSelect, Text, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconEraser, IconHourglass, IconLoader2, IconLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { erasureRequestsQuery } from '../api/privacy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Notice } from '../parts/notice.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { useAct } from '../parts/use-act.ts';
import { mayCall } from '../states/role-permission.ts';

type Erasure = Schemas['ErasureRequest'];

const LOOKS: Record<Erasure['state'], StateLook> = {
  requested: { tone: 'idle', icon: IconHourglass, meaning: 'Asked for' },
  held: { tone: 'wait', icon: IconLock, meaning: 'A legal hold stands in the way' },
  running: { tone: 'run', icon: IconLoader2, meaning: 'What mentions the person is being taken out' },
  completed: { tone: 'ok', icon: IconCheck, meaning: 'It is done, and there is evidence of it' },
  failed: { tone: 'bad', icon: IconAlertTriangle, meaning: 'It could not be done' },
};
const REASON_MIN_LENGTH = 3;
const TERM_MIN_LENGTH = 3;
const BY = [{ value: 'principal_id', label: 'somebody who signs in here' }, { value: 'email', label: 'an e-mail address' }, { value: 'terms', label: 'names, as tickets write them' }];

/** Takes a person out of everything but the audit, where a name that means nobody stays provable. */
export function ErasureRequests() {
  const query = useQuery(erasureRequestsQuery);
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState(false);
  return (
    <Section title="Erasure of people" actions={<ReasonButton size="xs" variant="default" permission={mayCall('createErasureRequest', me, 'Erasing somebody')} leftSection={<IconEraser size={15} aria-hidden />} onClick={() => setAsking(true)}>Erase somebody</ReasonButton>}>
      <AsyncView query={query} what="erasure requests" skeletonRows={3}>
        {({ items }) => (items.length === 0 ? <Empty icon={IconEraser} title="Nobody was to be erased" /> : (
          <DataTable
            label="Erasure requests as a table"
            rows={items}
            rowKey={({ id }) => id}
            columns={[
              { name: 'State', cell: ({ state, error }) => <><StateBadge state={state} look={LOOKS[state]} />{error === null ? null : <Text size="xs" c="dimmed">{error.message}</Text>}</> },
              { name: 'Called from now on', cell: ({ pseudonym }) => <CopyId id={pseudonym} what="pseudonym" /> },
              { name: 'Request', cell: ({ id }) => <CopyId id={id} what="erasure request id" /> },
              { name: 'Asked', cell: ({ requested_at, requested_by }) => <><TimeAgo at={requested_at} /> <Text span size="xs" c="dimmed">by <CopyId id={requested_by} what="who asked" /></Text></> },
              { name: 'How far', cell: (one) => <Progress erasure={one} /> },
              { name: 'Evidence', cell: ({ evidence_package_id }) => (evidence_package_id === null ? null : <CopyId id={evidence_package_id} what="evidence package id" />) },
            ]}
          />
        ))}
      </AsyncView>
      {asking ? <AskModal onClose={() => setAsking(false)} /> : null}
    </Section>
  );
}

function Progress({ erasure: { blocked_by, waiting_runs, counts, completed_at } }: { erasure: Erasure }) {
  const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (blocked_by !== null) return <>held by <CopyId id={blocked_by} what="legal hold id" /></>;
  if (completed_at !== null) return <>{rows.toLocaleString('en')} rows, done <TimeAgo at={completed_at} /></>;
  return <>{waiting_runs === 0 ? 'going on' : `${waiting_runs.toLocaleString('en')} rows wait for runs that go on, or are held`}</>;
}

function AskModal({ onClose }: { onClose: () => void }) {
  const [by, setBy] = useState('principal_id');
  const [text, setText] = useState('');
  const [reason, setReason] = useState('');
  const terms = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const ask = useAct({
    act: () => dataOf(api.POST('/api/v1/erasure-requests', { body: { reason: reason.trim(), person: by === 'terms' ? { terms } : by === 'email' ? { email: text.trim() } : { principal_id: text.trim() } } })),
    says: () => 'It is being done',
    touches: ['erasure-requests', 'people'],
    onDone: onClose,
  });
  const wrong = text.trim() === '' ? 'Say who.' : by === 'terms' && terms.some(({ length }) => length < TERM_MIN_LENGTH) ? `A name has at least ${TERM_MIN_LENGTH} letters.` : reason.trim().length < REASON_MIN_LENGTH ? `Say why, in at least ${REASON_MIN_LENGTH} letters.` : null;
  return (
    <FormModal title="Erase somebody" confirm="Erase them" danger wrong={wrong} pending={ask.isPending} error={ask.error} onClose={onClose} onSubmit={() => ask.mutate(undefined)}>
      <Notice tone="bad" title="It cannot be undone">They are shut out at once. What mentions them is looked for everywhere, as whole words, and taken out. The audit keeps a name that means nobody, so that it can still be proven.</Notice>
      <NativeSelect label="Who" data={BY} value={by} onChange={(event) => { setBy(event.currentTarget.value); setText(''); }} />
      {by === 'terms' ? <Textarea label="Names" description="One on a line, five at most." required autosize minRows={2} value={text} onChange={(event) => setText(event.currentTarget.value)} /> : <TextInput label={by === 'email' ? 'E-mail' : 'Person id'} required spellCheck={false} value={text} onChange={(event) => setText(event.currentTarget.value)} />}
      <Textarea label="Reason" required autosize minRows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormModal>
  );
}
