import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { voteInWords } from '../approvals/vote-words.ts';
import { obligationsInWords } from '../decisions/obligations.ts';
import { shortenId } from '../format/ids.ts';
import { formatQuantity, formatUsd } from '../format/money.ts';
import { formatDuration, formatMicros } from '../format/time.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { APPROVAL_LOOKS, CALL_LOOKS, OUTCOME_LOOKS, RUN_LOOKS } from '../parts/state-look.ts';
import { readReceipt, type StoryEntry } from './story.ts';
import classes from './story.module.css';

export function EntryView({ entry }: { entry: StoryEntry }) {
  switch (entry.kind) {
    case 'attempt': return <AttemptLine attempt={entry.attempt} />;
    case 'child': return <ChildLine child={entry.child} />;
    case 'decision': return <DecisionLine decision={entry.decision} />;
    case 'approval': return <ApprovalLine approval={entry.approval} />;
    case 'vote': return <VoteLine vote={entry.vote} />;
    case 'call': return <CallLine call={entry.call} costs={entry.costs} />;
  }
}

function AttemptLine({ attempt }: { attempt: Schemas['Step']['attempts'][number] }) {
  return (
    <>
      <div className={classes.line}>
        <span>Attempt {attempt.attempt}{attempt.result === null ? '' : `: ${attempt.result}`}</span>
        <span className={classes.small}>by <span className="mono">{attempt.worker}</span>, fence {attempt.fence}</span>
      </div>
      {attempt.error === null ? null : <Text size="sm"><code style={{ color: 'var(--cs-bad)' }}>{attempt.error.code}</code> {attempt.error.message}</Text>}
    </>
  );
}

function ChildLine({ child }: { child: Schemas['ChildRun'] }) {
  return (
    <div className={classes.line}>
      <span>Started a run of {child.workflow_name}@{child.workflow_version}</span>
      <StateBadge state={child.state} look={RUN_LOOKS[child.state]} />
      <Anchor underline="always" component={Link} to={`/runs/${child.run_id}`} className="mono">{shortenId(child.run_id)}</Anchor>
      <span className={classes.small}>{formatUsd(child.cost_usd)}</span>
    </div>
  );
}

function DecisionLine({ decision }: { decision: Schemas['Decision'] }) {
  const asked = obligationsInWords(decision.obligations);
  const bundle = decision.bundle_revision === null
    ? 'no policy bundle'
    : `bundle ${decision.bundle_revision}, seq ${decision.bundle_seq}, ${decision.bundle_age_ms === null ? 'of unknown age' : `${formatDuration(decision.bundle_age_ms)} old`}`;
  return (
    <>
      <div className={classes.line}>
        <span>Policy</span>
        <StateBadge state={decision.outcome} look={OUTCOME_LOOKS[decision.outcome]} />
        <span className="mono">{decision.action}</span>
      </div>
      <ul className={classes.reasons}>
        {decision.reasons.map(({ rule, message }) => <li key={rule}>{message} <code>{rule}</code></li>)}
      </ul>
      {asked.length === 0 ? null : <div className={classes.small}>{asked.map(({ name, value }) => `${name}: ${value}`).join(' · ')}</div>}
      <div className={classes.small}>{bundle}, decided in {formatMicros(decision.evaluated_us)}. <Anchor underline="always" component={Link} to={`/decisions/${decision.id}`}>Why</Anchor></div>
    </>
  );
}

function ApprovalLine({ approval }: { approval: Schemas['Approval'] }) {
  return (
    <div className={classes.line}>
      <span>{approval.kind === 'outcome' ? 'Asked a person ' : 'Asked for '}<Anchor underline="always" component={Link} to={`/approvals?selected=${approval.id}`}>{approval.kind === 'outcome' ? 'whether it happened' : 'approval'}</Anchor></span>
      <StateBadge state={approval.state} look={APPROVAL_LOOKS[approval.state]} />
      <span className={classes.small}>{approval.required_votes} of role {approval.required_role}, tier {approval.tier}</span>
    </div>
  );
}

function VoteLine({ vote }: { vote: Schemas['Vote'] }) {
  return (
    <>
      <div className={classes.line}>
        <span><strong>{vote.display_name}</strong> {voteInWords(vote.decision)}</span>
        <span className={classes.small}>as {vote.role}, by {vote.channel}, signed in by {vote.auth_strength.replace('_', ' ')}</span>
      </div>
      {vote.reason === null ? null : <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>“{vote.reason}”</Text>}
    </>
  );
}

function CallLine({ call, costs }: { call: Schemas['ToolCall']; costs: Schemas['CostLine'][] }) {
  const receipt = readReceipt(call.receipt);
  return (
    <>
      <div className={classes.line}>
        <span>Call</span>
        <StateBadge state={call.state} look={CALL_LOOKS[call.state]} />
        <span className="mono">{call.action}</span>
        <span className={classes.small}>{call.risk}{call.duration_ms === null ? '' : `, ${formatDuration(call.duration_ms)}`}</span>
      </div>
      {call.error === null ? null : <Text size="sm"><code style={{ color: 'var(--cs-bad)' }}>{call.error.code}</code> {call.error.message}</Text>}
      {receipt === null ? null : (
        <div>
          Record version <span className="mono">{receipt.versionBefore ?? 'none'} → {receipt.versionAfter ?? 'unknown'}</span>
          {receipt.fieldsWritten.length === 0 ? null : <>; wrote {receipt.fieldsWritten.join(', ')}</>}
          {receipt.verifiedByReadingBack === true ? '; read back and compared' : receipt.verifiedByReadingBack === false ? '; not verified by reading back' : ''}
        </div>
      )}
      <div className={classes.small}>
        Action <CopyId id={call.action_digest} what="action digest" />
        {call.agent_id == null ? null : <> · by the agent <CopyId id={call.agent_id} what="agent id" /></>}
        {costs.map((cost) => <span key={`${cost.meter} ${cost.unit}`}> · {cost.meter}: {formatQuantity(cost.quantity)} {cost.unit}, {formatUsd(cost.amount_usd)}</span>)}
      </div>
    </>
  );
}
