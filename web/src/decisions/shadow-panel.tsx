import { Group, Text, Title } from '@mantine/core';
import { IconEqual, IconEqualNot } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { OUTCOME_LOOKS } from '../parts/state-look.ts';
import { differencesOf } from './differences.ts';
import classes from './decisions.module.css';

interface Props {
  binding: Pick<Schemas['DecisionRecord'], 'outcome' | 'obligations'>;
  shadow: Schemas['ShadowDecision'];
}

const SOURCES: Record<Schemas['ShadowDecision']['source'], string> = { rules: 'Rules in shadow mode', bundle: 'The shadow release' };

/** What would have been decided beside what was, and what differs. It never bound. */
export function ShadowPanel({ binding, shadow }: Props) {
  const differences = differencesOf(binding, shadow);
  return (
    <section className="panel" aria-label={`Shadow: ${SOURCES[shadow.source]}`}>
      <header>
        <Title order={2}>In shadow</Title>
        <Group gap="xs">
          <StateBadge state={shadow.outcome} look={OUTCOME_LOOKS[shadow.outcome]} />
          <StateBadge state={shadow.differs ? 'differs' : 'the same'} look={shadow.differs ? { tone: 'wait', icon: IconEqualNot, meaning: 'It would have been another decision' } : { tone: 'idle', icon: IconEqual, meaning: 'It would have been this decision' }} />
        </Group>
      </header>
      <Text size="sm" px="md" pt="sm">{SOURCES[shadow.source]} would have decided <strong>{shadow.outcome}</strong>. It did not bind.</Text>
      {differences.length === 0 ? null : <ul style={{ margin: 0, padding: '6px 16px 0 34px' }}>{differences.map((words) => <li key={words}>{words}</li>)}</ul>}
      <ol className={classes.reasons}>
        {shadow.reasons.map(({ rule, message }) => <li key={`${rule} ${message}`}>{message} <Text span size="xs" c="dimmed"><code>{rule}</code></Text></li>)}
      </ol>
    </section>
  );
}
