import { NativeSelect, Textarea } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';

type Purpose = Schemas['SigningPurpose'];

const OVERLAPS = [{ value: '3600', label: 'an hour' }, { value: '86400', label: 'a day' }, { value: '604800', label: 'a week' }, { value: '0', label: 'none: it signs at once' }];

/** Signs with a new key from now on, or after everybody has had time to hear of it. `keys` are all of them, `purposes` what is offered. */
export function RotateKey({ keys, purposes, label }: { keys: ReadonlyArray<Schemas['PublicKey']>; purposes: readonly Purpose[]; label: string }) {
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [asking, setAsking] = useState(false);
  const free = purposes.filter((purpose) => !isUnderWay(keys, purpose));
  const permission = allOf(
    mayCall('rotateKey', me, 'Rotating a key'), home,
    given(free.length > 0, 'A rotation is under way: rotate again when the key before is retired, or when the new one signs.'),
  );
  return (
    <>
      <ReasonButton size="xs" variant="default" permission={permission} leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => setAsking(true)}>{label}</ReasonButton>
      {asking ? <RotateModal purposes={free} onClose={() => setAsking(false)} /> : null}
    </>
  );
}

/** One rotation of a purpose at a time: of bundles until the key before is retired, of the others until the new one signs. */
function isUnderWay(keys: ReadonlyArray<Schemas['PublicKey']>, purpose: Purpose): boolean {
  const between: Schemas['PublicKey']['state'] = purpose === 'policy_bundle' ? 'verifying' : 'upcoming';
  return keys.some((key) => key.purpose === purpose && key.state === between);
}

function RotateModal({ purposes, onClose }: { purposes: readonly Purpose[]; onClose: () => void }) {
  const [purpose, setPurpose] = useState<Purpose>(purposes[0] ?? 'policy_bundle');
  const [overlap_s, setOverlap] = useState('3600');
  const [reason, setReason] = useState('');
  const bundles = purpose === 'policy_bundle';
  const rotate = useAct({
    act: () => dataOf(api.POST('/api/v1/keys/rotations', { body: { purpose, reason: reason.trim(), ...(bundles ? {} : { overlap_s: Number(overlap_s) }) } })),
    says: ({ kid, state }) => (state === 'upcoming' ? `${kid} is published, and signs when the overlap is over` : `${kid} signs from now on`),
    touches: ['keys', 'policy'],
    onDone: onClose,
  });
  return (
    <FormModal title="Sign with a new key" confirm="Rotate" wrong={reason.trim() === '' ? 'Say why.' : null} pending={rotate.isPending} error={rotate.error} onClose={onClose} onSubmit={() => rotate.mutate(undefined)}>
      {purposes.length < 2 ? null : <NativeSelect label="What is signed" data={purposes.map((value) => ({ value, label: value.replaceAll('_', ' ') }))} value={purpose} onChange={(event) => setPurpose(purposes.find((one) => one === event.currentTarget.value) ?? purpose)} />}
      {bundles ? null : <NativeSelect label="Known before it signs, for" description="Whoever verifies with the keys of an hour ago still knows the one that signs." data={OVERLAPS} value={overlap_s} onChange={(event) => setOverlap(event.currentTarget.value)} />}
      <Textarea label="Reason" description={bundles ? 'Every bundle is signed anew at once. The key before verifies until the last bundle that it signed has expired, and is then retired.' : 'It is in the audit as a digest, with your name.'} required data-autofocus autosize minRows={2} maxLength={2_000} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormModal>
  );
}
