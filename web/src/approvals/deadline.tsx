import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import type { Approval } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { Countdown, TimeAgo } from '../parts/clock.tsx';
import { frozenLeftMs } from './clock.ts';

/** Until when one can decide: counting down, standing still under a kill switch, or past. */
export function Deadline({ approval }: { approval: Approval }) {
  const left_ms = frozenLeftMs(approval);
  if (approval.state !== 'pending') return <TimeAgo at={approval.expires_at} />;
  if (left_ms === null) return <><Countdown at={approval.expires_at} over="over" />; expiry {approval.kind === 'outcome' ? 'leaves the step dead' : 'denies'}</>;
  return <>its clock stands: {formatDuration(left_ms)} are left when the <Anchor component={Link} to="/policy/kill-switches" underline="always">kill switch</Anchor> lets go</>;
}
