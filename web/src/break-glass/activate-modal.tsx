import { NativeSelect, Textarea } from '@mantine/core';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { authorizationQuery } from '../api/access-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { Notice } from '../parts/notice.tsx';
import { useAct } from '../parts/use-act.ts';

const REASON_MIN_LENGTH = 10;
const DURATIONS_S = [900, 1_800, 3_600, 7_200, 14_400, 28_800];

/** Takes a role now. What may be taken, and for how long, the tenant has said before. */
export function ActivateModal({ onClose }: { onClose: () => void }) {
  const { data: authorization } = useQuery(authorizationQuery);
  const allowed = authorization?.data.break_glass;
  const roles = EVERY_ROLE.filter((role) => allowed === undefined || allowed.roles.includes(role));
  const [role, setRole] = useState<Schemas['Role']>('admin');
  const [duration_s, setDuration] = useState(900);
  const [reason, setReason] = useState('');
  const take = useAct({
    act: () => dataOf(api.POST('/api/v1/break-glass', { body: { role, duration_s, reason: reason.trim() } })),
    says: (taken) => `You hold ${taken.role} until ${new Date(taken.ends_at).toISOString().slice(11, 16)} UTC`,
    touches: ['break-glass', 'me', 'role-assignments'],
    onDone: onClose,
  });
  const wrong = reason.trim().length < REASON_MIN_LENGTH ? `Say what the emergency is, in at least ${REASON_MIN_LENGTH} letters.` : null;
  return (
    <FormModal title="Break the glass" confirm="Take the role now" danger wrong={wrong} pending={take.isPending} error={take.error} onClose={onClose} onSubmit={() => take.mutate(undefined)}>
      <Notice tone="bad" title="For emergencies">It raises an alarm. Everything that you do meanwhile becomes evidence, and somebody else will review it.</Notice>
      <NativeSelect label="Role" data={[...roles]} value={role} onChange={(event) => setRole(roles.find((one) => one === event.currentTarget.value) ?? role)} />
      <NativeSelect label="For" data={DURATIONS_S.filter((one) => allowed === undefined || one <= allowed.max_duration_s).map((one) => ({ value: String(one), label: formatDuration(one * 1_000) }))} value={String(duration_s)} onChange={(event) => setDuration(Number(event.currentTarget.value))} />
      <Textarea label="Reason" description="What the emergency is. Whoever reviews it reads this." required data-autofocus autosize minRows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormModal>
  );
}
