import { Anchor, Tooltip } from '@mantine/core';
import { Link } from 'react-router';
import type { Run } from '../api/client.ts';
import { countOf } from '../format/count.ts';
import { formatUsd } from '../format/money.ts';
import { Countdown, Elapsed, TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts } from '../parts/page.tsx';
import { NotStoppedList } from './not-stopped.tsx';
import { readNotStopped } from './read-not-stopped.ts';

/** What a run is and what it was pinned to; above it, why it failed. */
export function RunFacts({ run }: { run: Run }) {
  const notStopped = readNotStopped(run.error);
  return (
    <>
      {run.error === null ? null : (
        <Notice tone={run.state === 'cancelled' ? 'wait' : 'bad'} title={<code>{run.error.code}</code>}>
          {run.error.step_key === undefined ? null : <>In step <code>{run.error.step_key}</code>: </>}{run.error.message}
        </Notice>
      )}
      {notStopped.length === 0 ? null : <Notice tone="wait" title="Could not be stopped"><NotStoppedList notStopped={notStopped} /></Notice>}
      {run.paused_at == null ? null : (
        <Notice tone="wait" title="Paused: nothing new begins">
          <TimeAgo at={run.paused_at} />{run.paused_by == null ? null : <> by <CopyId id={run.paused_by} what="who paused it" /></>}. {run.pause_reason == null ? null : <span style={{ whiteSpace: 'pre-wrap' }}>“{run.pause_reason}”</span>}
        </Notice>
      )}
      <div className="panel">
        <Facts
          facts={[
            { name: 'Run', value: <CopyId id={run.id} what="run id" /> },
            { name: 'Workflow', value: <Anchor component={Link} to={`/workflows/${run.workflow_id}?version=${run.workflow_version}`}>{run.workflow_name}@{run.workflow_version}</Anchor> },
            { name: 'Workflow digest', value: <CopyId id={run.workflow_digest} what="workflow digest" /> },
            { name: 'Event received', value: <TimeAgo at={run.event_at} /> },
            { name: 'Duration', value: <Elapsed from={run.started_at} to={run.finished_at} /> },
            { name: 'Cost', value: <Tooltip label={`${run.cost_usd} USD`}><span className="tabular">{formatUsd(run.cost_usd)}</span></Tooltip> },
            ...(run.parent == null ? [] : [{ name: 'Started by', value: <><Anchor component={Link} to={`/runs/${run.parent.run_id}`}>{run.parent.workflow_name}</Anchor>, step {run.parent.step_key}</> }]),
            ...(run.children === undefined || run.children.length === 0 || run.cost_with_children_usd === undefined ? [] : [{ name: `With ${countOf(run.children.length, 'run')} below`, value: <Tooltip label={`${run.cost_with_children_usd} USD`}><span className="tabular">{formatUsd(run.cost_with_children_usd)}</span></Tooltip> }]),
            ...(run.deadline_at == null || run.finished_at !== null ? [] : [{ name: 'Deadline', value: <><Countdown at={run.deadline_at} over="over" /> left</> }]),
            ...(run.subject === null ? [] : [{ name: 'Subject', value: <CopyId id={run.subject} what="subject" /> }]),
          ]}
        />
      </div>
    </>
  );
}
