import { NativeSelect, Text, Textarea } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconGlass, IconHourglass, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { AccessNav } from '../access/access-nav.tsx';
import { breakGlassQuery } from '../api/access-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { ActivateModal } from './activate-modal.tsx';
import { EndButton } from './end-button.tsx';

type Grant = Schemas['BreakGlass'];
type Verdict = 'justified' | 'not_justified';

const REASON_MIN_LENGTH = 3;
const LOOKS: Record<'active' | 'to review' | Verdict, StateLook> = {
  active: { tone: 'bad', icon: IconAlertTriangle, meaning: 'The role is held now' },
  'to review': { tone: 'wait', icon: IconHourglass, meaning: 'It is over; somebody else has to say whether it was justified' },
  justified: { tone: 'ok', icon: IconCheck, meaning: 'Somebody else found it justified' },
  not_justified: { tone: 'bad', icon: IconX, meaning: 'Somebody else found it not justified' },
};

/** Roles that were taken in an emergency: by whom, why, and whether that was justified. */
export function BreakGlassPage() {
  const query = useQuery(breakGlassQuery);
  const { data: me } = useQuery(meQuery);
  const [taking, setTaking] = useState(false);
  const [reviewing, setReviewing] = useState<Grant | null>(null);
  return (
    <Page
      title="Break-glass"
      lead="A role taken at once in an emergency, for a while. Whoever is on call is told, evidence is made of what was done, and somebody else reviews it."
      actions={<ReasonButton color="red.8" permission={mayCall('activateBreakGlass', me, 'Taking a role in an emergency')} leftSection={<IconGlass size={16} aria-hidden />} onClick={() => setTaking(true)}>Break the glass</ReasonButton>}
    >
      <AccessNav />
      <AsyncView query={query} what="emergencies" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <div className="panel"><Empty icon={IconGlass} title="The glass was never broken">Which roles may be taken, and for how long, is said under Roles.</Empty></div>
          : (
            <DataTable
              framed
              label="Emergencies as a table"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                { name: 'State', cell: (grant) => <StateBadge state={stateOf(grant).replaceAll('_', ' ')} look={LOOKS[stateOf(grant)]} /> },
                { name: 'Who', cell: ({ display_name, principal_id }) => <><Text span inherit fw={550}>{display_name}</Text> <CopyId id={principal_id} what="person id" /></> },
                { name: 'Took', cell: ({ role }) => role },
                { name: 'Why', cell: ({ reason }) => reason ?? <Text span c="dimmed" inherit>not for your roles</Text> },
                { name: 'When', cell: ({ activated_at, ends_at, ended_at, ended_because }) => <><TimeAgo at={activated_at} /><Text size="xs" c="dimmed" component="div">{ended_at === null ? <>ends <TimeAgo at={ends_at} /></> : <>{ended_because === 'expired' ? 'ran out' : ended_because} <TimeAgo at={ended_at} /></>}</Text></> },
                { name: 'Evidence', cell: ({ evidence_id }) => (evidence_id === null ? null : <CopyId id={evidence_id} what="evidence package id" />) },
                { name: 'Do', cell: (grant) => (grant.active ? <EndButton grant={grant} /> : <ReviewButton grant={grant} me={me} onClick={() => setReviewing(grant)} />) },
              ]}
            />
          ))}
      </AsyncView>
      {taking ? <ActivateModal onClose={() => setTaking(false)} /> : null}
      {reviewing === null ? null : <ReviewModal grant={reviewing} onClose={() => setReviewing(null)} />}
    </Page>
  );
}

function stateOf({ active, verdict }: Grant): keyof typeof LOOKS {
  return active ? 'active' : verdict ?? 'to review';
}

function ReviewButton({ grant, me, onClick }: { grant: Grant; me: Schemas['Me'] | undefined; onClick: () => void }) {
  const permission = allOf(
    given(grant.verdict === null, 'It is reviewed.'),
    given(grant.principal_id !== me?.principal.id, 'It was you: somebody else reviews it.'),
    mayCall('reviewBreakGlass', me, 'Reviewing an emergency'),
  );
  return <ReasonButton size="xs" variant="default" permission={permission} onClick={onClick}>Review</ReasonButton>;
}

function ReviewModal({ grant, onClose }: { grant: Grant; onClose: () => void }) {
  const [verdict, setVerdict] = useState<Verdict>('justified');
  const [reason, setReason] = useState('');
  const review = useAct({
    act: () => dataOf(api.POST('/api/v1/break-glass/{grant_id}/review', { params: { path: { grant_id: grant.id } }, body: { verdict, reason: reason.trim() } })),
    says: () => 'Reviewed',
    touches: ['break-glass'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Was it justified that ${grant.display_name} took ${grant.role}?`} confirm="Say so" wrong={reason.trim().length < REASON_MIN_LENGTH ? `Say why, in at least ${REASON_MIN_LENGTH} letters.` : null} pending={review.isPending} error={review.error} onClose={onClose} onSubmit={() => review.mutate(undefined)}>
      <Text size="sm">{grant.reason}</Text>
      <NativeSelect label="Verdict" data={[{ value: 'justified', label: 'justified' }, { value: 'not_justified', label: 'not justified' }]} value={verdict} onChange={(event) => setVerdict(event.currentTarget.value === 'not_justified' ? 'not_justified' : 'justified')} />
      <Textarea label="Reason" required autosize minRows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormModal>
  );
}
