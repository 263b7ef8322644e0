import { Button, Group, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { countOf } from '../format/count.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { STEP_LOOKS } from '../parts/state-look.ts';
import { countItems, urgentFirst, type ItemStories } from './fold-items.ts';
import type { StepStory } from './story.ts';
import classes from './story.module.css';

const ITEMS_AT_ONCE = 50;

interface Props {
  map: string;
  items: ReadonlyArray<ItemStories<StepStory>>;
  /** How one step of an item is shown. */
  children: (story: StepStory) => ReactNode;
}

/** The items of a map: one line that counts them, until it is opened; then each item a line, until that is opened. */
export function StepItems({ map, items, children }: Props) {
  const [opened, { toggle }] = useDisclosure();
  const [shown, setShown] = useState(ITEMS_AT_ONCE);
  const ordered = urgentFirst(items);
  return (
    <div className={classes.items}>
      <UnstyledButton className={classes.fold} aria-expanded={opened} onClick={toggle}>
        {opened ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        <span>{countOf(items.length, 'item')}</span>
        <Group component="span" gap={6}>{countItems(items).map(({ state, count }) => <Text span size="xs" c="dimmed" key={state}>{count} {state}</Text>)}</Group>
      </UnstyledButton>
      {opened ? (
        <ol className={classes.itemList} aria-label={`Items of ${map}`}>
          {ordered.slice(0, shown).map((item) => <Item key={item.index} item={item}>{children}</Item>)}
          {ordered.length > shown ? <li><Button size="xs" variant="default" m="sm" onClick={() => setShown(shown + ITEMS_AT_ONCE)}>Show {Math.min(ITEMS_AT_ONCE, ordered.length - shown)} more</Button></li> : null}
        </ol>
      ) : null}
    </div>
  );
}

function Item({ item: { index, state, stories }, children }: { item: ItemStories<StepStory>; children: Props['children'] }) {
  const [opened, { toggle }] = useDisclosure();
  return (
    <li>
      <UnstyledButton className={classes.fold} aria-expanded={opened} onClick={toggle}>
        {opened ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        <span>Item {index}</span>
        <StateBadge state={state} look={STEP_LOOKS[state]} />
        <Text span size="xs" c="dimmed">{stories.map(({ step }) => step.key.slice(step.key.indexOf('.') + 1)).join(', ')}</Text>
      </UnstyledButton>
      {opened ? <ol className={classes.steps}>{stories.map((story) => children(story))}</ol> : null}
    </li>
  );
}
