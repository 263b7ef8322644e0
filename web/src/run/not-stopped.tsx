import { Text } from '@mantine/core';
import type { Schemas } from '../api/client.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { STEP_LOOKS } from '../parts/state-look.ts';

/** Steps that a cancellation found under way, with the write that each sent or was about to. */
export function NotStoppedList({ notStopped }: { notStopped: readonly Schemas['NotStopped'][] }) {
  return (
    <ul style={{ margin: 0, paddingLeft: 18 }} aria-label="Could not be stopped">
      {notStopped.map(({ step_key, state, action }) => (
        <li key={step_key}>
          <Text size="sm" component="div">Step <strong>{step_key}</strong> <StateBadge state={state} look={STEP_LOOKS[state]} /> {action === null ? 'It only reads.' : <>It writes: <code>{action}</code></>}</Text>
        </li>
      ))}
    </ul>
  );
}
