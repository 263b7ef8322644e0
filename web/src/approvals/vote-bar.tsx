import { Button, Group, Kbd, Modal, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Approval } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { digestPrefix } from '../format/ids.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { belongsToChord } from '../shell/chord.ts';
import { signInAgainPath } from '../sign-in/sign-in-link.ts';
import { needsStepUp } from './step-up.ts';
import { useVote } from './use-vote.ts';
import { mayVote } from './vote-permission.ts';
import { VoteRefused } from './vote-refused.tsx';
import classes from './approvals.module.css';

interface Props {
  approval: Approval;
  /** The digest of the action on the screen: the only one that is ever voted on. */
  shownDigest: string;
  onDecided: () => void;
}

/** Of an action: approve or reject. The buttons vote at once or ask for the reason; the keys ask once more, because a key is pressed more easily. */
export function VoteBar({ approval, shownDigest, onDecided }: Props) {
  const [asking, setAsking] = useState<'approve' | 'reject' | null>(null);
  const vote = useVote(approval, shownDigest, () => {
    setAsking(null);
    onDecided();
  });
  const permission = mayVote(approval, shownDigest);
  const { data: me } = useQuery(meQuery);
  const ask = (decision: 'approve' | 'reject') => (event: KeyboardEvent): void => {
    if (belongsToChord(event) || !permission.allowed || asking !== null) return;
    event.preventDefault();
    vote.reset();
    setAsking(decision);
  };
  useHotkeys([['a', ask('approve')], ['r', ask('reject')]]);

  if (approval.state !== 'pending') return null;
  return (
    <div className={classes.decide}>
      <ReasonButton permission={permission} color="yes.8" leftSection={<IconCheck size={16} aria-hidden />} loading={vote.isPending && asking === null} onClick={() => vote.mutate({ decision: 'approve' })}>Approve</ReasonButton>
      <ReasonButton permission={permission} variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={() => { vote.reset(); setAsking('reject'); }}>Reject</ReasonButton>
      <Text size="sm" c="dimmed">{permission.allowed ? <>You vote on <code>{digestPrefix(shownDigest)}</code>.</> : permission.because}</Text>
      {needsStepUp(approval, me) ? <Button size="xs" variant="default" component={Link} to={signInAgainPath(`/approvals?selected=${approval.id}`)}>How to sign in again</Button> : null}
      {vote.error !== null && asking === null ? <VoteRefused error={vote.error} approval={approval} onReset={vote.reset} /> : null}
      {asking === 'approve' ? (
        <Modal opened onClose={() => setAsking(null)} title={<Text fw={600}>Approve this?</Text>}>
          <Stack gap="md">
            <Text size="sm">{approval.preview.title}: {approval.preview.fields.filter(({ before, after }) => before !== after).length} fields change, {approval.preview.additions.length} added. Digest <code>{digestPrefix(shownDigest)}</code>.</Text>
            {vote.error === null ? null : <VoteRefused error={vote.error} approval={approval} onReset={() => { vote.reset(); setAsking(null); }} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setAsking(null)}>Not yet</Button>
              <Button data-autofocus color="yes.8" loading={vote.isPending} onClick={() => vote.mutate({ decision: 'approve' })} rightSection={<Kbd size="xs">Enter</Kbd>}>Approve</Button>
            </Group>
          </Stack>
        </Modal>
      ) : null}
      {asking === 'reject' ? (
        <ReasonModal
          title="Reject this?"
          explanation={<>{approval.preview.title}. Nothing will be written, and the step ends as refused.</>}
          confirm="Reject"
          danger
          minLength={1}
          maxLength={1000}
          pending={vote.isPending}
          error={vote.error}
          onClose={() => setAsking(null)}
          onConfirm={(reason) => vote.mutate({ decision: 'reject', reason })}
        />
      ) : null}
    </div>
  );
}
