import { Text, Title, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { countOf } from '../format/count.ts';
import { formatDuration, formatUtc } from '../format/time.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { STEP_LOOKS } from '../parts/state-look.ts';
import { countItems, foldItems, type Folded } from './fold-items.ts';
import { placeOf, type Span, type TimelineRow, type TimelineRows } from './timeline-rows.ts';
import classes from './timeline.module.css';

/** How the time was spent: a line for each step, its attempts, calls and waits as bars on one scale. The items of a map are folded. */
export function TimelineBars({ rows, leftOut }: { rows: TimelineRows; leftOut: number }) {
  return (
    <section className="panel" aria-label="How the time was spent">
      <header><Title order={2}>How the time was spent</Title><Text size="xs" c="dimmed">{formatDuration(rows.to_ms - rows.from_ms)} from {formatUtc(new Date(rows.from_ms).toISOString())}</Text></header>
      <ul className={classes.bars} aria-label="Steps over time">
        {foldItems(rows.rows).map((folded) => <FoldedRow key={folded.story.step.id} folded={folded} scale={rows} />)}
      </ul>
      <div className={classes.legend} aria-hidden>
        {[['ok', 'well'], ['wait', 'to be tried again, or asked'], ['bad', 'not well'], ['run', 'under way'], ['idle', 'waiting']].map(([tone, text]) => <span key={tone}><i data-tone={tone} data-kind={tone === 'idle' ? 'wait' : 'attempt'} />{text}</span>)}
      </div>
      {leftOut === 0 ? null : <Text size="xs" c="dimmed" p="md">{leftOut} more steps are not drawn.</Text>}
    </section>
  );
}

function FoldedRow({ folded: { story, items }, scale }: { folded: Folded<TimelineRow>; scale: TimelineRows }) {
  const [opened, { toggle }] = useDisclosure();
  return (
    <>
      <Row row={story} scale={scale} />
      {items.length === 0 ? null : (
        <li className={classes.folded}>
          <UnstyledButton className={classes.foldButton} aria-expanded={opened} onClick={toggle}>
            {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
            {countOf(items.length, 'item')}: {countItems(items).map(({ state, count }) => `${count} ${state}`).join(', ')}
          </UnstyledButton>
        </li>
      )}
      {opened ? items.flatMap(({ stories }) => stories).map((row) => <Row key={row.step.id} row={row} scale={scale} />) : null}
    </>
  );
}

function Row({ row: { step, spans }, scale }: { row: TimelineRow; scale: TimelineRows }) {
  return (
    <li className={classes.row}>
      <span className={classes.name}><span className={classes.key} title={step.key}>{step.key}</span><StateBadge state={step.state} look={STEP_LOOKS[step.state]} /></span>
      <span className={classes.track} role="img" aria-label={spans.length === 0 ? 'Nothing happened to it' : spans.map(inWords).join('; ')}>
        {spans.map((span) => <Bar key={`${span.kind} ${span.from_ms} ${span.text}`} span={span} scale={scale} />)}
      </span>
    </li>
  );
}

function Bar({ span, scale }: { span: Span; scale: TimelineRows }) {
  const { left, width } = placeOf(span, scale);
  return (
    <Tooltip label={`${inWords(span)}, from ${formatUtc(new Date(span.from_ms).toISOString())}`}>
      <i className={classes.bar} data-tone={span.tone} data-kind={span.kind} data-open={span.open || undefined} style={{ left: `min(${left}%, calc(100% - 3px))`, width: `max(${width}%, 3px)` }} />
    </Tooltip>
  );
}

function inWords({ text, from_ms, to_ms, open }: Span): string {
  return `${text}, ${open ? 'for ' : ''}${formatDuration(to_ms - from_ms)}`;
}
