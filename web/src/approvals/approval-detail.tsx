import { Alert, Anchor, Button, Group, Text, Title } from '@mantine/core';
import { IconRefreshAlert } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Approval } from '../api/client.ts';
import { approvalQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { digestPrefix } from '../format/ids.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { APPROVAL_LOOKS } from '../parts/state-look.ts';
import { ActionDocument } from './action-document.tsx';
import { Deadline } from './deadline.tsx';
import { DecisionBehind } from './decision-behind.tsx';
import { FieldChanges } from './field-changes.tsx';
import { OutcomeBar } from './outcome-bar.tsx';
import { OutcomeQuestion } from './outcome-question.tsx';
import { signInAskedFor } from './step-up.ts';
import { VoteBar } from './vote-bar.tsx';
import { Votes } from './votes.tsx';

export function ApprovalDetail({ approvalId, onDecided }: { approvalId: string; onDecided: () => void }) {
  const query = useQuery(approvalQuery(approvalId));
  return <div><AsyncView query={query} what="the approval" skeletonRows={9}>{(approval) => <Shown latest={approval} onDecided={onDecided} />}</AsyncView></div>;
}

/** The action stays as it was when it was opened: what the server has by now takes its place only when the person asks for it. */
function Shown({ latest, onDecided }: { latest: Approval; onDecided: () => void }) {
  const [opened, setOpened] = useState(latest);
  const changed = latest.action_digest !== opened.action_digest;
  const action = changed ? opened : latest;
  const signIn = signInAskedFor(latest);
  const isOutcome = latest.kind === 'outcome';
  return (
    <article className="panel" aria-label={`Approval of ${action.preview.title}`}>
      <header>
        <Group gap="sm"><Title order={2}>{isOutcome ? `What became of it? ${action.preview.title}` : action.preview.title}</Title><StateBadge state={latest.state} look={APPROVAL_LOOKS[latest.state]} /></Group>
        <Anchor component={Link} to={`/runs/${latest.run_id}`} size="sm">See the run</Anchor>
      </header>
      {changed ? (
        <Alert m="md" color="yellow" variant="outline" icon={<IconRefreshAlert aria-hidden />} title="The action is not the one you see">
          <Text size="sm" mb="xs">It changed after you opened it: what would run now has the digest <code>{digestPrefix(latest.action_digest)}</code>. Nobody can vote on the one below any more.</Text>
          <Button size="xs" variant="default" onClick={() => setOpened(latest)}>Show what would run now</Button>
        </Alert>
      ) : null}
      {isOutcome ? <OutcomeQuestion approval={latest} /> : null}
      <Facts
        facts={[
          { name: 'Ticket', value: action.subject ?? 'none' },
          { name: 'Action', value: <span className="mono">{action.action}</span> },
          { name: 'Tier', value: action.tier },
          { name: 'Needs', value: `${countOf(action.required_votes, 'vote')} of role ${action.required_role}` },
          ...(signIn === null ? [] : [{ name: 'Signed in', value: signIn }]),
          { name: 'Asked', value: <TimeAgo at={action.requested_at} /> },
          { name: 'Deadline', value: <Deadline approval={latest} /> },
          { name: 'Digest of the action', value: <CopyId id={action.action_digest} what="action digest" text={digestPrefix(action.action_digest)} /> },
          { name: 'Approval', value: <CopyId id={action.id} what="approval id" /> },
        ]}
      />
      <FieldChanges preview={action.preview} />
      {isOutcome ? null : <DecisionBehind approval={action} />}
      <ActionDocument approval={action} />
      <Votes approval={latest} />
      {isOutcome ? <OutcomeBar approval={latest} shownDigest={action.action_digest} onDecided={onDecided} /> : <VoteBar approval={latest} shownDigest={action.action_digest} onDecided={onDecided} />}
    </article>
  );
}
