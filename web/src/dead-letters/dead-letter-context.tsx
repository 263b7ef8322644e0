import { Anchor, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { digestPrefix } from '../format/ids.ts';
import { formatDuration, formatUtc } from '../format/time.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { APPROVAL_LOOKS, CALL_LOOKS, OUTCOME_LOOKS, RUN_LOOKS } from '../parts/state-look.ts';
import classes from './dead-letters.module.css';

/** Everything that is known of why a step was given up on: its error in full, its last attempts, what policy and people said, what was sent. */
export function DeadLetterContext({ item }: { item: Schemas['DeadLetter'] }) {
  const { error, run, attempts, decision, approval, call } = item;
  return (
    <div className={classes.context}>
      <Part title="Error">
        {error === null ? 'None was recorded.' : <><code style={{ color: 'var(--cs-bad)' }}>{error.code}</code> {error.message}</>}
        <div>The run is <StateBadge state={run.state} look={RUN_LOOKS[run.state]} /> <Anchor underline="always" component={Link} to={`/runs/${run.id}`}>See the run</Anchor></div>
      </Part>
      <Part title="Last attempts">
        {attempts.length === 0 ? 'None was made.' : (
          <ol className={classes.attempts}>
            {attempts.map((attempt) => (
              <li key={`${attempt.attempt} ${attempt.started_at}`}>
                <span>{attempt.attempt}: {attempt.result ?? 'its worker never said how it ended'}</span> <Text span size="xs" c="dimmed">{formatUtc(attempt.started_at)}{attempt.finished_at === null ? '' : `, ${formatDuration(Date.parse(attempt.finished_at) - Date.parse(attempt.started_at))}`}, by <span className="mono">{attempt.worker}</span></Text>
                {attempt.error === null ? null : <div><code style={{ color: 'var(--cs-bad)' }}>{attempt.error.code}</code> {attempt.error.message}</div>}
              </li>
            ))}
          </ol>
        )}
      </Part>
      <Part title="What policy decided">
        {decision === null ? 'Policy was not asked: the step never came to a call.' : (
          <>
            <div><StateBadge state={decision.outcome} look={OUTCOME_LOOKS[decision.outcome]} /> <Anchor underline="always" component={Link} to={`/decisions/${decision.id}`}>Why</Anchor></div>
            {decision.reasons.map(({ rule, message }) => <div key={rule}>{message} <code>{rule}</code></div>)}
            <Text size="xs" c="dimmed">{decision.bundle_seq === null ? 'no policy bundle' : `bundle ${decision.bundle_revision}, seq ${decision.bundle_seq}`}, {formatUtc(decision.decided_at)}. Input <CopyId id={decision.input_digest} what="input digest" text={digestPrefix(decision.input_digest)} /></Text>
          </>
        )}
      </Part>
      <Part title="What a person said">
        {approval === null ? 'Nobody was asked.' : <div><StateBadge state={approval.state} look={APPROVAL_LOOKS[approval.state]} /> <Anchor underline="always" component={Link} to={`/approvals?selected=${approval.id}`}>See the {approval.kind === 'outcome' ? 'question' : 'approval'}</Anchor></div>}
      </Part>
      <Part title="What was sent">
        {call === null ? 'Nothing: no call was begun.' : (
          <>
            <div><StateBadge state={call.state} look={CALL_LOOKS[call.state]} /> <span className="mono">{call.action}</span> <Text span size="xs" c="dimmed">{formatUtc(call.intended_at)}</Text></div>
            {call.error === null ? null : <div><code style={{ color: 'var(--cs-bad)' }}>{call.error.code}</code> {call.error.message}</div>}
            <Text size="xs" c="dimmed" component="div">Action <CopyId id={call.action_digest} what="action digest" text={digestPrefix(call.action_digest)} /></Text>
            <Text size="xs" c="dimmed" component="div">A redrive sends the same idempotency key again: <CopyId id={call.idempotency_key} what="idempotency key" /></Text>
          </>
        )}
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return <section aria-label={title}><Title order={3} className={classes.title}>{title}</Title><Text size="sm" component="div">{children}</Text></section>;
}
