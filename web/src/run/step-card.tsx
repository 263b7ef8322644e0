import { Group, Text, Title } from '@mantine/core';
import type { RUN_ERROR_CODES } from '@countersign/contracts/errors/catalogue.ts';
import { MAP, WAIT, workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import { formatClock, formatUtc } from '../format/time.ts';
import { Countdown, Elapsed } from '../parts/clock.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { STEP_LOOKS } from '../parts/state-look.ts';
import type { ItemStories } from './fold-items.ts';
import { StepItems } from './step-items.tsx';
import { EntryView } from './story-entry.tsx';
import type { StepStory, StoryEntry } from './story.ts';
import classes from './story.module.css';

interface Props {
  story: StepStory;
  items?: ReadonlyArray<ItemStories<StepStory>>;
  /** Whether the run is paused, so that nothing begins in it. */
  paused: boolean;
}

/** One step: its state, what it waits for, and everything that happened in it. */
export function StepCard({ story: { step, entries }, items = [], paused }: Props) {
  const look = STEP_LOOKS[step.state];
  const { icon: PinIcon } = look;
  return (
    <li className={classes.step} id={step.id}>
      <span className={classes.pin} data-tone={look.tone}><PinIcon size={14} stroke={2} aria-hidden /></span>
      <section className="panel" aria-label={`Step ${step.key}`}>
        <header>
          <Group gap="sm">
            <Title order={3}>{step.key}</Title>
            <Text span c="dimmed" className="mono">{step.uses}</Text>
          </Group>
          <Group gap="sm">
            {step.attempt > 1 ? <Text size="xs" c="dimmed">Attempt {step.attempt} of {step.max_attempts}</Text> : null}
            {step.started_at === null ? null : <Text size="xs" c="dimmed" component="span"><Elapsed from={step.started_at} to={step.finished_at} /></Text>}
            <StateBadge state={step.state} look={look} />
          </Group>
        </header>
        <ol className={classes.entries}>
          {entries.map((entry) => <li key={keyOf(entry)} className={classes.entry}><time dateTime={entry.at} title={formatUtc(entry.at)}>{formatClock(entry.at)}</time><div><EntryView entry={entry} /></div></li>)}
          <Waiting step={step} paused={paused} asked={entries.some((entry) => entry.kind === 'approval' && entry.approval.kind === 'outcome' && entry.approval.state === 'pending')} />
          {step.error === null ? null : <li className={classes.entry}><span className={classes.small}>Error</span><div><code style={{ color: 'var(--cs-bad)' }}>{step.error.code}</code> {step.error.message}</div></li>}
        </ol>
        {items.length === 0 ? null : <StepItems map={step.key} items={items}>{(story) => <StepCard key={story.step.id} story={story} paused={paused} />}</StepItems>}
      </section>
    </li>
  );
}

/** What a step has for its error while a kill switch holds it. */
const HELD: (typeof RUN_ERROR_CODES)[number] = 'stopped_by_kill_switch';

const BEGINS_ANEW: ReadonlySet<StepStory['step']['state']> = new Set(['ready', 'retrying']);

/** What a step that does not move waits for. `asked`: a person is asked what became of its call. */
function Waiting({ step, asked, paused }: { step: StepStory['step']; asked: boolean; paused: boolean }) {
  const words = asked ? <>A person is asked whether it happened; nothing is sent again before that</>
    : paused && BEGINS_ANEW.has(step.state) ? <>Nothing begins while the run is paused</>
    : step.error?.code === HELD ? <>A kill switch holds it; it goes on when the switch lets go</>
    : step.state === 'retrying' ? <>Next try in <Countdown at={step.available_at} over="a moment: its back-off is over" /></>
    : step.state === 'blocked' ? <>Waits for {step.needs.join(', ')}</>
    : step.state === 'waiting' ? <WaitsFor step={step} />
    : step.state === 'uncertain' ? <>The system of record is asked what happened before anything is sent again</>
    : null;
  return words === null ? null : <li className={classes.entry}><span className={classes.small}>Now</span><div>{words}</div></li>;
}

function WaitsFor({ step: { uses, available_at, approval_id } }: { step: StepStory['step'] }) {
  const started = workflowStartedBy(uses);
  if (approval_id !== null) return <>Waits for a person; nothing is written before that</>;
  if (uses === WAIT) return <>Goes on in <Countdown at={available_at} over="a moment: its time has come" /></>;
  if (uses === MAP) return <>Waits for its items</>;
  if (started !== null) return <>Waits for the run of {started} that it started</>;
  return <>Waits for what it has begun</>;
}

function keyOf(entry: StoryEntry): string {
  switch (entry.kind) {
    case 'attempt': return `attempt ${entry.attempt.attempt} ${entry.attempt.fence}`;
    case 'child': return entry.child.run_id;
    case 'decision': return entry.decision.id;
    case 'approval': return entry.approval.id;
    case 'vote': return entry.vote.id;
    case 'call': return entry.call.id;
  }
}
