import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';

/** Something to know before going on (`wait`) or that keeps things from working (`bad`): in the console's own colours, readable on both grounds. */
export function Notice({ tone, title, children }: { tone: 'wait' | 'bad'; title: ReactNode; children: ReactNode }) {
  const colour = `var(--cs-${tone})`;
  return (
    <Alert variant="outline" icon={<IconAlertTriangle aria-hidden />} title={title} styles={{ root: { background: `var(--cs-${tone}-soft)`, borderColor: colour }, title: { color: colour }, icon: { color: colour } }}>
      {children}
    </Alert>
  );
}
