import { Text } from '@mantine/core';
import type { Approval } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { voteInWords } from './vote-words.ts';

export function Votes({ approval: { votes, required_votes } }: { approval: Approval }) {
  if (votes.length === 0) return null;
  return (
    <section aria-label="Votes" style={{ borderTop: '1px solid var(--cs-line)', padding: '10px 16px' }}>
      <Text size="xs" c="dimmed">Votes, {votes.length} of {required_votes}</Text>
      {votes.map((vote) => (
        <Text key={vote.id} size="sm" component="div">
          <strong>{vote.display_name}</strong> {voteInWords(vote.decision)} as {vote.role} by {vote.channel}, signed in by {vote.auth_strength.replace('_', ' ')}{vote.sign_in_age_ms === null ? '' : ` ${formatDuration(vote.sign_in_age_ms)} before`}, <TimeAgo at={vote.voted_at} />
          {vote.reason === null ? null : <Text size="sm" c="dimmed" style={{ whiteSpace: 'pre-wrap' }}>“{vote.reason}”</Text>}
        </Text>
      ))}
    </section>
  );
}
