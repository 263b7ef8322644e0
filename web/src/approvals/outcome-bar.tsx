import { Text } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Approval } from '../api/client.ts';
import { digestPrefix } from '../format/ids.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { useVote } from './use-vote.ts';
import { mayVote } from './vote-permission.ts';
import { VoteRefused } from './vote-refused.tsx';
import { ANSWERS, type Answer } from './vote-words.ts';
import classes from './approvals.module.css';

const ICONS = { happened: IconCheck, did_not_happen: IconX };
const ANSWER_NAMES: readonly Answer[] = ['happened', 'did_not_happen'];

interface Props {
  approval: Approval;
  /** The digest of the action on the screen: what was sent. */
  shownDigest: string;
  onDecided: () => void;
}

/** It happened, or it did not: never by a key alone, always with how one knows. */
export function OutcomeBar({ approval, shownDigest, onDecided }: Props) {
  const [asking, setAsking] = useState<Answer | null>(null);
  const vote = useVote(approval, shownDigest, () => {
    setAsking(null);
    onDecided();
  });
  const permission = mayVote(approval, shownDigest);
  if (approval.state !== 'pending') return null;
  return (
    <div className={classes.decide}>
      {ANSWER_NAMES.map((answer) => {
        const AnswerIcon = ICONS[answer];
        return <ReasonButton key={answer} permission={permission} variant="default" leftSection={<AnswerIcon size={16} aria-hidden />} onClick={() => { vote.reset(); setAsking(answer); }}>{ANSWERS[answer].button}</ReasonButton>;
      })}
      <Text size="sm" c="dimmed">{permission.allowed ? <>You answer about <code>{digestPrefix(shownDigest)}</code>.</> : permission.because}</Text>
      {vote.error !== null && asking === null ? <VoteRefused error={vote.error} approval={approval} onReset={vote.reset} /> : null}
      {asking === null ? null : (
        <ReasonModal
          title={ANSWERS[asking].title}
          explanation={<>{ANSWERS[asking].explanation} Say how you know: where you looked, and what was there.</>}
          confirm={ANSWERS[asking].confirm}
          danger={asking === 'did_not_happen'}
          minLength={1}
          maxLength={1000}
          pending={vote.isPending}
          error={vote.error}
          onClose={() => setAsking(null)}
          onConfirm={(reason) => vote.mutate({ decision: asking, reason })}
        />
      )}
    </div>
  );
}
