import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { shortenId } from '../format/ids.ts';
import { formatUsd } from '../format/money.ts';
import { formatClock, formatUtc } from '../format/time.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { RUN_LOOKS } from '../parts/state-look.ts';
import classes from './story.module.css';

/** Runs that a step started, as lines of its story. */
export function ChildRuns({ runs }: { runs: ReadonlyArray<Schemas['ChildRun']> }) {
  return runs.map((run) => (
    <li key={run.run_id} className={classes.entry}>
      <time dateTime={run.created_at} title={formatUtc(run.created_at)}>{formatClock(run.created_at)}</time>
      <div className={classes.line}>
        <span>Started a run of {run.workflow_name}@{run.workflow_version}</span>
        <StateBadge state={run.state} look={RUN_LOOKS[run.state]} />
        <Anchor underline="always" component={Link} to={`/runs/${run.run_id}`} className="mono">{shortenId(run.run_id)}</Anchor>
        <span className={classes.small}>{formatUsd(run.cost_usd)}</span>
      </div>
    </li>
  ));
}
