import { Anchor } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { killSwitchesQuery } from '../api/decision-queries.ts';
import { nameOf } from '../kill-switches/kill-switch-name.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { isBinding, recoveryOf } from '../kill-switches/recovery-stages.ts';
import classes from './shell.module.css';

/** On every page while something is stopped: what, why, since when. */
export function KillSwitchBanner() {
  const { data } = useQuery(killSwitchesQuery);
  const active = (data?.items ?? []).filter(isBinding);
  if (active.length === 0) return null;
  return (
    <div className={classes.stopped} role="alert">
      {active.map((one) => (
        <div key={one.id}>
          <IconHandStop size={16} aria-hidden />
          <span><strong>{nameOf(one)} {inWords(one)}</strong>, <TimeAgo at={one.stage_began_at ?? one.set_at} />: {one.reason} <Anchor component={Link} to="/policy/kill-switches" underline="always">Kill switches</Anchor></span>
        </div>
      ))}
    </div>
  );
}

function inWords(killSwitch: Schemas['KillSwitch']): string {
  const recovery = recoveryOf(killSwitch);
  return recovery === null ? 'is stopped' : `goes on in stages: ${recovery.percent} % of its runs`;
}
