import { Anchor, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { Notice } from '../parts/notice.tsx';
import { rateText } from './board-lines.ts';
import classes from './operations.module.css';

/** The figures that an operator looks at first. */
export function QueueFigures({ queues: { totals } }: { queues: Schemas['Queues'] }) {
  const { steps, runs } = totals;
  const atLeast = totals.counted_up_to === null ? '' : 'at least ';
  return (
    <>
      {totals.counted_up_to === null ? null : <Notice tone="wait" title="More waits than is counted one by one">Counting stopped at {rateText(totals.counted_up_to)} steps of a queue: what is below under steps is at least what it says.</Notice>}
      <div className={`panel ${classes.figures}`}>
        <Figure name="Steps ready" value={`${atLeast}${rateText(steps.ready)}`} note={totals.oldest_ready_ms === null ? 'nothing waits for a worker' : `the oldest for ${formatDuration(totals.oldest_ready_ms)}`} />
        <Figure name="Steps at work" value={rateText(steps.leased)} note={`${rateText(totals.claims_per_minute)} claimed per minute`} />
        <Figure name="Steps retrying" value={rateText(steps.retrying)} note={`${rateText(totals.retries_per_minute)} retries per minute`} />
        <Figure name="Runs open" value={rateText(runs.queued + runs.running + runs.waiting + runs.cancelling)} note={<>{runs.waiting} waiting, {runs.paused === 0 ? 'none paused' : <Anchor underline="always" component={Link} to="/runs?paused=true">{runs.paused} paused</Anchor>}</>} />
        <Figure name="Dead letters" value={rateText(totals.dead_letters)} bad={totals.dead_letters > 0} note={totals.dead_letters === 0 ? 'none' : <Anchor underline="always" component={Link} to="/dead-letters">{totals.dead_letters_per_hour} in the last hour</Anchor>} />
        <Figure name="Wait for a person" value={rateText(totals.attention)} note={totals.attention === 0 ? 'none' : <Anchor underline="always" component={Link} to="/runs?attention=true">See the runs</Anchor>} />
      </div>
    </>
  );
}

function Figure({ name, value, note, bad = false }: { name: string; value: string; note: ReactNode; bad?: boolean }) {
  return (
    <div>
      <Text size="xs" c="dimmed">{name}</Text>
      <div className={classes.figure} data-bad={bad || undefined}>{value}</div>
      <Text size="xs" c="dimmed" component="div">{note}</Text>
    </div>
  );
}
