import { Anchor, TextInput } from '@mantine/core';
import { Link } from 'react-router';
import type { Environment } from './release-wish.ts';

/** The finished replay that the gate of an environment asks for. */
export function ReplayChoice({ environment, value, onChange }: { environment: Environment; value: string; onChange: (replayId: string) => void }) {
  return (
    <TextInput
      label="Impact replay"
      description={<>The gate of {environment.environment} asks for a finished replay of exactly this. <Anchor component={Link} to="/policy/replays" inherit underline="always">Replays</Anchor></>}
      placeholder="prp_"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
