import { Group, Text, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import { useEffect, type ReactNode } from 'react';
import classes from './page.module.css';

interface PageProps {
  title: string;
  /** Shown beside the title. */
  beside?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of every page: one h1, a sentence, its actions. */
export function Page({ title, beside, lead, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Countersign`;
  }, [title]);
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <div>
          <Group gap="sm"><Title order={1}>{title}</Title>{beside}</Group>
          {lead === undefined ? null : <Text size="sm" c="dimmed" component="div" mt={2}>{lead}</Text>}
        </div>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </header>
      {children}
    </div>
  );
}

/** Names and values, as a grid. */
export function Facts({ facts }: { facts: Array<{ name: string; value: ReactNode }> }) {
  return (
    <dl className={classes.facts}>
      {facts.map(({ name, value }) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** Nothing to show, and what to do about it. */
export function Empty({ icon: EmptyIcon, title, children }: { icon: Icon; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <EmptyIcon size={30} stroke={1.4} aria-hidden />
      <Title order={2}>{title}</Title>
      <Text size="sm" c="dimmed" component="div" maw={520}>{children}</Text>
    </div>
  );
}
