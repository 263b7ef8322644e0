import { Group, Stack, Text, Title } from '@mantine/core';
import type { Proposal } from './proposal.ts';
import classes from './story.module.css';

/** What the model proposes and how sure it is. Whether it is written is policy's and people's to say. */
export function ProposalCard({ proposal }: { proposal: Proposal }) {
  return (
    <section className="panel" aria-label="Proposal">
      <header>
        <Title order={3}>Proposal</Title>
        {proposal.mode === 'suggest' ? <Text size="xs" c="dimmed">Suggested only: too few tickets learnt from</Text> : null}
      </header>
      <Stack gap="md" p="md">
        {proposal.summary === null ? null : <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>{proposal.summary}</Text>}
        {proposal.labels.map((label) => <Label key={label.name} label={label} />)}
        {proposal.similar.length === 0 ? null : (
          <div>
            <Text size="xs" c="dimmed">Rests on similar tickets</Text>
            {proposal.similar.map(({ id, label, similarity }) => (
              <Group key={id} gap="xs" justify="space-between" wrap="nowrap">
                <Text size="sm" truncate>{label}</Text>
                {similarity === null ? null : <Text size="xs" c="dimmed" className="tabular">{percent(similarity)}</Text>}
              </Group>
            ))}
          </div>
        )}
      </Stack>
    </section>
  );
}

function Label({ label: { name, value, confidence, top } }: { label: Proposal['labels'][number] }) {
  const others = top.filter((choice) => choice.value !== value);
  return (
    <div>
      <Text size="xs" c="dimmed">{name}</Text>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text fw={550}>{value}</Text>
        {confidence === null ? null : <Text size="sm" className="tabular">{percent(confidence)}</Text>}
      </Group>
      {confidence === null ? null : (
        <div className={classes.bar} role="meter" aria-label={`Confidence in ${name}`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(confidence * 100)}>
          <div style={{ width: percent(confidence) }} />
        </div>
      )}
      {others.length === 0 ? null : <Text size="xs" c="dimmed" mt={3}>else {others.map((choice) => `${choice.value} ${percent(choice.confidence)}`).join(', ')}</Text>}
    </div>
  );
}

/** Never `100 %` for what is not certain. */
function percent(fraction: number): string {
  return `${fraction < 1 ? Math.min(99, Math.round(fraction * 100)) : 100}%`;
}
