import { NativeSelect, Text, Textarea, TextInput } from '@mantine/core';
import { IconGavel } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { legalHoldsQuery } from '../api/privacy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { Section } from '../parts/section.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { HELD_LOOK, RELEASED_LOOK } from './privacy-looks.ts';

type Hold = Schemas['LegalHold'];

const REASON_MIN_LENGTH = 3;
const TARGETS: Record<Schemas['HoldScope'], { label: string; target: string | null }> = {
  subject: { label: 'a record, such as a ticket', target: 'The record, as runs name it' },
  run: { label: 'a run', target: 'Run id' },
  principal: { label: 'a person', target: 'Person id' },
  workspace: { label: 'a workspace', target: 'Workspace id' },
  tenant: { label: 'everything', target: null },
};
const SCOPES = Object.entries(TARGETS).map(([value, { label }]) => ({ value, label }));

/** What must not go while a case goes on, whatever its retention says. */
export function LegalHolds() {
  const query = useQuery(legalHoldsQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [setting, setSetting] = useState(false);
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const may = allOf(mayCall('releaseLegalHold', me, 'Releasing a hold'), home);
  return (
    <Section title="Legal holds" actions={<ReasonButton size="xs" variant="default" permission={allOf(mayCall('setLegalHold', me, 'Holding something'), home)} leftSection={<IconGavel size={15} aria-hidden />} onClick={() => setSetting(true)}>Hold something</ReasonButton>}>
      <AsyncView query={query} what="legal holds" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <Empty icon={IconGavel} title="Nothing is held">A hold keeps what it names, whatever its retention says and whoever asks for its erasure.</Empty>
          : (
            <DataTable
              label="Legal holds as a table"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                { name: 'State', cell: ({ released_at }) => (released_at === null ? <StateBadge state="held" look={HELD_LOOK} /> : <StateBadge state="released" look={RELEASED_LOOK} />) },
                { name: 'What', cell: ({ scope, target }) => <>{TARGETS[scope].label}{scope === 'tenant' ? null : <> <CopyId id={target} what="what is held" text={scope === 'subject' ? target : undefined} /></>}</> },
                { name: 'Why', cell: ({ reason }) => reason ?? <Text span c="dimmed" inherit>not for your roles</Text> },
                { name: 'Set', cell: ({ set_at, set_by }) => <><TimeAgo at={set_at} /> <Text span size="xs" c="dimmed">by <CopyId id={set_by} what="who set it" /></Text></> },
                { name: 'Hold', cell: ({ id }) => <CopyId id={id} what="hold id" /> },
                { name: 'Release', cell: (hold) => (hold.released_at === null ? <ReasonButton size="xs" variant="default" permission={may} onClick={() => setReleasing(hold)}>Release</ReasonButton> : <TimeAgo at={hold.released_at} />) },
              ]}
            />
          ))}
      </AsyncView>
      {setting ? <SetModal onClose={() => setSetting(false)} /> : null}
      {releasing === null ? null : <ReleaseModal hold={releasing} onClose={() => setReleasing(null)} />}
    </Section>
  );
}

function SetModal({ onClose }: { onClose: () => void }) {
  const [scope, setScope] = useState<Schemas['HoldScope']>('subject');
  const [target, setTarget] = useState('');
  const [reason, setReason] = useState('');
  const asks = TARGETS[scope].target;
  const wrong = asks !== null && target.trim() === '' ? `Name what is held: ${asks.toLowerCase()}.` : reason.trim().length < REASON_MIN_LENGTH ? `Say why, in at least ${REASON_MIN_LENGTH} letters.` : null;
  const set = useAct({
    act: () => dataOf(api.POST('/api/v1/legal-holds', { body: { scope, reason: reason.trim(), ...(asks === null ? {} : { target: target.trim() }) } })),
    says: () => 'It is held from now on',
    touches: ['legal-holds'],
    onDone: onClose,
  });
  return (
    <FormModal title="Hold something" confirm="Hold it" wrong={wrong} pending={set.isPending} error={set.error} onClose={onClose} onSubmit={() => set.mutate(undefined)}>
      <NativeSelect label="What" data={SCOPES} value={scope} onChange={(event) => setScope(SCOPES.find(({ value }) => value === event.currentTarget.value)?.value as Schemas['HoldScope'])} />
      {asks === null ? <Text size="sm">Nothing of this tenant goes until the hold is released.</Text> : <TextInput label={asks} required maxLength={500} value={target} onChange={(event) => setTarget(event.currentTarget.value)} />}
      <Textarea label="Reason" description="The case, so that somebody else can release it." required autosize minRows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormModal>
  );
}

function ReleaseModal({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const release = useAct({
    act: (reason: string) => dataOf(api.POST('/api/v1/legal-holds/{hold_id}/release', { params: { path: { hold_id: hold.id } }, body: { reason } })),
    says: () => 'It is held no more',
    touches: ['legal-holds'],
    onDone: onClose,
  });
  return <ReasonModal title="Release this hold" explanation="What is past its retention, and what was asked to be erased meanwhile, goes within a day." confirm="Release it" danger minLength={REASON_MIN_LENGTH} maxLength={500} pending={release.isPending} error={release.error} onClose={onClose} onConfirm={(reason) => release.mutate(reason)} />;
}
