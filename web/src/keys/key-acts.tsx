import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { IconSignatureOff } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { signaturesQuery } from '../api/key-queries.ts';
import { meQuery } from '../api/queries.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Notice } from '../parts/notice.tsx';
import { Empty } from '../parts/page.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { TimeInput } from '../parts/time-input.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';

type Key = Schemas['PublicKey'];

const REASON_MIN_LENGTH = 3;

/** What a key has signed, and the way to trust it no more. */
export function KeyActs({ signingKey }: { signingKey: Key }) {
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [open, setOpen] = useState<'signed' | 'revoke' | null>(null);
  const close = (): void => setOpen(null);
  return (
    <Group gap="xs" wrap="nowrap">
      <ReasonButton size="xs" variant="default" permission={mayCall('listKeySignatures', me, 'Reading what it signed')} onClick={() => setOpen('signed')}>What it signed</ReasonButton>
      <ReasonButton size="xs" variant="default" permission={allOf(given(signingKey.state !== 'revoked', 'It is revoked.'), mayCall('revokeKey', me, 'Revoking a key'), home)} onClick={() => setOpen('revoke')}>Revoke</ReasonButton>
      {open === 'signed' ? <SignedModal signingKey={signingKey} onClose={close} /> : null}
      {open === 'revoke' ? <RevokeModal signingKey={signingKey} onClose={close} /> : null}
    </Group>
  );
}

function SignedModal({ signingKey, onClose }: { signingKey: Key; onClose: () => void }) {
  const query = useInfiniteQuery(signaturesQuery(signingKey.kid));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const notKept = query.data?.pages[0]?.not_kept ?? null;
  return (
    <Modal opened onClose={onClose} size="xl" title={<Text fw={600}>What {signingKey.kid} signed</Text>}>
      <Stack gap="sm">
        {query.isError ? <ProblemView error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.isPending ? <Text role="status" size="sm">Reading what it signed</Text> : null}
        {notKept === null ? null : <Notice tone="wait" title="Not all of it is listed">{notKept}</Notice>}
        {query.isSuccess && items.length === 0 && notKept === null ? <Empty icon={IconSignatureOff} title="It has signed nothing" /> : null}
        {items.length === 0 ? null : (
          <DataTable
            label="What it signed, as a table"
            rows={items}
            rowKey={({ kind, id }) => `${kind} ${id}`}
            columns={[
              { name: 'What', cell: ({ kind }) => kind.replaceAll('_', ' ') },
              { name: 'Id', cell: ({ id }) => <CopyId id={id} what="id of what it signed" /> },
              { name: 'Signed', cell: ({ at }) => <TimeAgo at={at} /> },
              { name: 'Proves', cell: ({ after_compromise }) => (after_compromise ? <Text span inherit c="var(--cs-bad)">nothing by itself: somebody else may have had the key</Text> : 'what it says') },
            ]}
          />
        )}
        {query.hasNextPage ? <Group justify="flex-end"><Button size="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Older</Button></Group> : null}
      </Stack>
    </Modal>
  );
}

function RevokeModal({ signingKey, onClose }: { signingKey: Key; onClose: () => void }) {
  const [since, setSince] = useState(signingKey.not_before);
  const [reason, setReason] = useState('');
  const revoke = useAct({
    act: () => dataOf(api.POST('/api/v1/keys/{kid}/revoke', { params: { path: { kid: signingKey.kid } }, body: { reason: reason.trim(), compromised_since: since } })),
    says: ({ kid }) => `${kid} is trusted no more; another key signs`,
    touches: ['keys', 'key-signatures', 'policy'],
    onDone: onClose,
  });
  const wrong = since === '' ? 'Say since when somebody else may have had it.' : reason.trim().length < REASON_MIN_LENGTH ? `Say why, in at least ${REASON_MIN_LENGTH} letters.` : null;
  return (
    <FormModal title={`Revoke ${signingKey.kid}`} confirm="Revoke it" danger wrong={wrong} pending={revoke.isPending} error={revoke.error} onClose={onClose} onSubmit={() => revoke.mutate(undefined)}>
      <Notice tone="bad" title="For a key that somebody else may have">Another one signs at once, and the private half of this one is destroyed. What it signed since the moment below is held for unproven. It cannot be undone; to change a key that nobody has, sign with a new one.</Notice>
      <TimeInput label="Somebody else may have had it since (UTC)" value={since} onChange={setSince} />
      <Textarea label="Reason" required autosize minRows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormModal>
  );
}
