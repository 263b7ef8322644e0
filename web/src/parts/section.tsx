import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface Props {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A part of a page under a heading of its own. */
export function Section({ title, note, actions, children }: Props) {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <Title order={2}>{title}</Title>
        {note === undefined && actions === undefined ? null : <Group gap="sm">{note === undefined ? null : <Text size="xs" c="dimmed">{note}</Text>}{actions}</Group>}
      </header>
      {children}
    </section>
  );
}
