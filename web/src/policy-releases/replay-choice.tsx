import { Anchor, NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { replaysQuery } from '../api/decision-queries.ts';
import { ENVIRONMENTS } from '../decisions/decision-filter.ts';
import { formatRelative } from '../format/time.ts';
import { shortenId } from '../format/ids.ts';
import { writeReference } from '../policy/policy-reference.ts';
import type { Environment, ReleaseWish } from './release-wish.ts';

interface Props {
  environment: Environment;
  wish: ReleaseWish;
  value: string;
  onChange: (replayId: string) => void;
}

/** The finished replay that the gate of an environment asks for; where there is none, the way to start it. */
export function ReplayChoice({ environment, wish, value, onChange }: Props) {
  const name = ENVIRONMENTS.find((one) => one === environment.environment) ?? '';
  const { data } = useQuery(replaysQuery(name, null));
  const now_ms = Date.now();
  const finished = (data?.items ?? []).filter(({ state }) => state === 'succeeded');
  const known = value === '' || finished.some(({ id }) => id === value);
  const against = wish.kind === 'release' ? writeReference({ layer: wish.layer.layer, version: wish.version, environment_id: environment.environment_id }) : writeReference({ promote_to: environment.environment_id });
  return (
    <NativeSelect
      label="Impact replay"
      description={<>The gate of {environment.environment} asks for a finished replay of exactly this. <Anchor component={Link} to={`/policy/replays?against=${encodeURIComponent(against)}`} inherit underline="always">Start one</Anchor></>}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: '', label: finished.length === 0 ? 'No replay has finished here' : 'Choose a replay' },
        ...(known ? [] : [{ value, label: shortenId(value) }]),
        ...finished.map((replay) => ({ value: replay.id, label: `${formatRelative(replay.finished_at ?? replay.requested_at, now_ms)}: ${replay.report?.figures.changed ?? 0} of ${replay.report?.figures.replayed ?? 0} changed (${shortenId(replay.id)})` })),
      ]}
    />
  );
}
